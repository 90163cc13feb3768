import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../files/readJson';
import type { RunSpec } from '../schema/run';
import type { ExperimentStore } from './store';

/** A judge whose metrics every evaluation of a run has, and when the newest of them was written (milliseconds since 1970). */
export interface JudgedBy {
  readonly id: string;
  readonly at: number;
}

/** Who has judged a run to its end, by id. */
export async function judgesOfRun(store: ExperimentStore, spec: RunSpec): Promise<JudgedBy[]> {
  const folders = spec.evaluations.map(({ checkpoint, id }) => store.evaluationFolder(spec.experimentId, spec.id, checkpoint, id));
  const found = await Promise.all(folders.map(metricsTimes));
  const [first, ...others] = found;
  return [...first ?? []].flatMap(([id, at]) => {
    const times = others.map((times) => times.get(id));
    return times.some((time) => time === undefined) ? [] : [{ id, at: Math.max(at, ...times as number[]) }];
  }).sort((a, b) => (a.id < b.id ? -1 : 1));
}

async function metricsTimes(folder: string): Promise<Map<string, number>> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const judges = names.flatMap((name) => /^metrics\.(.+)\.json$/.exec(name)?.[1] ?? []);
  return new Map(await Promise.all(judges.map(async (id) => [id, (await stat(join(folder, `metrics.${id}.json`))).mtimeMs] as const)));
}
