import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { experiment, type Experiment } from '../schema/experiment';
import { runSpec, type RunSpec } from '../schema/run';
import { runState, type RunState } from '../schema/state';
import { readJson, readJsonIfPresent, isMissing } from '../files/readJson';

export const STORE_FOLDER = '.plumbline';

/** Paths and readers of one `.plumbline` folder: the truth of every experiment in it. */
export class ExperimentStore {
  constructor(readonly root: string) {}

  /** The store of a workspace folder. */
  static of(workspaceFolder: string): ExperimentStore {
    return new ExperimentStore(join(workspaceFolder, STORE_FOLDER));
  }

  get snapshotsFolder(): string { return join(this.root, 'snapshots'); }
  get labelsFile(): string { return join(this.root, 'labels.jsonl'); }
  get experimentsFolder(): string { return join(this.root, 'experiments'); }

  snapshotFile(sha256: string): string { return join(this.snapshotsFolder, `${sha256}.jsonl`); }
  experimentFolder(experimentId: string): string { return join(this.experimentsFolder, experimentId); }
  runFolder(experimentId: string, runId: string): string { return join(this.experimentFolder(experimentId), 'runs', runId); }
  evaluationFolder(experimentId: string, runId: string, checkpoint: string, evaluationId: string): string {
    return join(this.runFolder(experimentId, runId), 'evaluations', checkpoint, evaluationId);
  }

  /** Ids of all experiments, oldest first (ids begin with their time). */
  async experimentIds(): Promise<string[]> {
    try {
      const entries = await readdir(this.experimentsFolder, { withFileTypes: true });
      return entries.filter((e) => e.isDirectory() && existsSync(this.experimentJson(e.name))).map((e) => e.name).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  readExperiment(experimentId: string): Promise<Experiment> {
    return readJson(this.experimentJson(experimentId), experiment);
  }

  readRun(experimentId: string, runId: string): Promise<RunSpec> {
    return readJson(join(this.runFolder(experimentId, runId), 'run.json'), runSpec);
  }

  /** `null` while the run is queued. */
  readRunState(experimentId: string, runId: string): Promise<RunState | null> {
    return readRunState(this.runFolder(experimentId, runId));
  }

  private experimentJson(experimentId: string): string {
    return join(this.experimentFolder(experimentId), 'experiment.json');
  }
}

export function readRunState(runFolder: string): Promise<RunState | null> {
  return readJsonIfPresent(join(runFolder, 'state.json'), runState);
}

/** The store that a run folder lies in. */
export function storeOfRun(runFolder: string): ExperimentStore {
  return new ExperimentStore(resolve(runFolder, '..', '..', '..', '..'));
}

/** The nearest folder upward that has a store; the given one otherwise. */
export function findWorkspaceFolder(from: string): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, STORE_FOLDER))) return folder;
    if (dirname(folder) === folder) return resolve(from);
  }
}
