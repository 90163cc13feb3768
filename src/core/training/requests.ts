import { randomUUID } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeJsonAtomic } from '../files/atomicWrite';
import { readJson } from '../files/readJson';
import { readRunState } from '../experiments/store';
import { trainerRequest, type TrainerRequest } from '../schema/events';
import { timestamp } from '../schema/time';

/** Asks the run's present attempt (0: still queued, never started) to stop: the trainer saves a checkpoint at its next step. */
export function requestStop(runFolder: string): Promise<void> {
  return request(runFolder, 'stop');
}

export function requestCheckpoint(runFolder: string): Promise<void> {
  return request(runFolder, 'checkpoint');
}

async function request(runFolder: string, verb: TrainerRequest['verb']): Promise<void> {
  const attempt = (await readRunState(runFolder))?.attempt ?? 0;
  const folder = join(runFolder, 'requests');
  await mkdir(folder, { recursive: true });
  await writeJsonAtomic(join(folder, `${attempt}-${verb}-${randomUUID()}.json`), { verb, attempt, at: timestamp() });
}

/** When a stop of this attempt was first asked for, in milliseconds since 1970; `null` if never. */
export async function stopRequestedAt(runFolder: string, attempt: number): Promise<number | null> {
  const folder = join(runFolder, 'requests');
  const names = await readdir(folder).catch(() => [] as string[]);
  const stops = names.filter((name) => name.startsWith(`${attempt}-stop-`) && name.endsWith('.json'));
  const requests = await Promise.all(stops.map((name) => readJson(join(folder, name), trainerRequest).catch(() => null)));
  const times = requests.flatMap((r) => (r === null ? [] : [Date.parse(r.at)]));
  return times.length > 0 ? Math.min(...times) : null;
}
