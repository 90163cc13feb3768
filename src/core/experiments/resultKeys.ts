import type { RunSpec } from '../schema/run';
import type { RunPointer } from '../schema/runPointer';
import { resultKey, runsUsedBy } from './runKey';
import type { ExperimentStore } from './store';

/** Keys of the results of a store's runs, and of planned runs that are not written yet; each is computed once. */
export class ResultKeys {
  private readonly planned: ReadonlyMap<string, RunSpec>;
  private readonly keys = new Map<string, Promise<string>>();

  constructor(private readonly store: ExperimentStore, planned: readonly RunSpec[]) {
    this.planned = new Map(planned.map((run) => [this.folderOf({ experimentId: run.experimentId, runId: run.id }), run]));
  }

  /** Rejects where the run, or one whose result it uses, is not there. */
  keyOf(pointer: RunPointer): Promise<string> {
    const folder = this.folderOf(pointer);
    const key = this.keys.get(folder) ?? this.compute(pointer);
    this.keys.set(folder, key);
    return key;
  }

  private async compute(pointer: RunPointer): Promise<string> {
    const run = this.planned.get(this.folderOf(pointer)) ?? await this.store.readRun(pointer.experimentId, pointer.runId);
    const used = new Map<string, string>();
    for (const each of runsUsedBy(run)) used.set(this.folderOf(each), await this.keyOf(each));
    return resultKey(run, (each) => used.get(this.folderOf(each))!);
  }

  private folderOf({ experimentId, runId }: RunPointer): string {
    return this.store.runFolder(experimentId, runId);
  }
}
