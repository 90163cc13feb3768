import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeJsonAtomic } from '../files/atomicWrite';
import { isMissing, readJson } from '../files/readJson';
import type { MachineSecret } from '../machine/secret';
import { queueEntry, type QueueEntry } from '../schema/queue';
import { timestamp } from '../schema/time';
import { SCHEMA_VERSION } from '../schema/version';

export interface QueuedRun extends QueueEntry { readonly file: string }
export type QueueRequest = Pick<QueueEntry, 'runFolder' | 'python' | 'runtime' | 'launcher'>;

/** The machine's queue of runs: one signed file each, first come, first served. An entry stays until its run has ended. */
export class RunQueue {
  private sequence = 0;

  constructor(readonly folder: string, private readonly secret: MachineSecret) {}

  /** A run that is queued already is not queued twice. */
  async enqueue(request: QueueRequest): Promise<void> {
    if ((await this.list()).some((entry) => entry.runFolder === request.runFolder)) return;
    await mkdir(this.folder, { recursive: true });
    const unsigned = { schemaVersion: SCHEMA_VERSION, ...request, enqueuedAt: timestamp() } as const;
    const order = `${Date.now()}-${String(this.sequence++).padStart(6, '0')}`;
    await writeJsonAtomic(join(this.folder, `${order}-${randomUUID()}.json`), { ...unsigned, signature: this.secret.sign(unsigned) }, 0o600);
  }

  /** Entries signed by this machine, in order; others are passed over. */
  async list(): Promise<QueuedRun[]> {
    const entries = await Promise.all((await this.fileNames()).map((name) => this.read(join(this.folder, name))));
    return entries.filter((entry) => entry !== null);
  }

  async remove(entry: QueuedRun): Promise<void> {
    await rm(entry.file, { force: true });
  }

  private async fileNames(): Promise<string[]> {
    try {
      return (await readdir(this.folder)).filter((name) => name.endsWith('.json')).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  private async read(file: string): Promise<QueuedRun | null> {
    const entry = await readJson(file, queueEntry).catch(() => null);
    if (entry === null) return null;
    const { signature, ...unsigned } = entry;
    return this.secret.verifies(unsigned, signature) ? { ...entry, file } : null;
  }
}
