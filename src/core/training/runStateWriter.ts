import { join } from 'node:path';
import { writeJsonAtomic } from '../files/atomicWrite';
import type { ProcessIdentity, RunState } from '../schema/state';
import { timestamp } from '../schema/time';
import { SCHEMA_VERSION } from '../schema/version';

/** Writes a run's state.json: the queue runner alone does. */
export class RunStateWriter {
  private constructor(private readonly path: string, private state: RunState) {}

  static async begin(runFolder: string, attempt: number, device: string, runner: ProcessIdentity): Promise<RunStateWriter> {
    const writer = new RunStateWriter(join(runFolder, 'state.json'), {
      schemaVersion: SCHEMA_VERSION, state: 'preparing', attempt, device, runner,
      trainer: null, heartbeatAt: null, updatedAt: timestamp(), error: null,
    });
    await writer.update({});
    return writer;
  }

  /** Goes on where another runner stopped. */
  static adopt(runFolder: string, state: RunState, runner: ProcessIdentity): RunStateWriter {
    return new RunStateWriter(join(runFolder, 'state.json'), { ...state, runner });
  }

  get current(): RunState { return this.state; }

  async update(change: Partial<RunState>): Promise<void> {
    this.state = { ...this.state, ...change, updatedAt: timestamp() };
    await writeJsonAtomic(this.path, this.state);
  }
}
