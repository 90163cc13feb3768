import { basename, join, resolve } from 'node:path';
import { expandArms } from '../configuration/expandArms';
import { DatasetError } from '../datasets/datasetError';
import type { Problem } from '../datasets/problem';
import { findModel, type FoundModel } from '../environment/model';
import type { Machine } from '../machine/machine';
import { installRuntime, type Runtime } from '../machine/runtime';
import type { Experiment } from '../schema/experiment';
import type { ExperimentFile } from '../schema/experimentFile';
import { ensureRunner } from '../training/runnerProcess';
import { PLUMBLINE_VERSION } from '../version';
import { findSameExperiment, unfinishedRuns } from './continueExperiment';
import { freezeInputs, type Frozen, type FreezeOptions } from './freezeInputs';
import { findLongRows } from './longRows';
import { planExperiment, type Plan } from './plan';
import { ExperimentStore } from './store';
import { writePlan } from './writePlan';

export interface StartOptions {
  readonly file: ExperimentFile;
  /** Paths in the file are relative to it. */
  readonly baseFolder: string;
  /** The experiment file, where there is one. */
  readonly source: string | null;
  readonly workspaceFolder: string;
  /** Where results go, if not into the workspace. */
  readonly storeFolder?: string | undefined;
  readonly python: string;
  readonly launcher: readonly string[];
  readonly machine: Machine;
  readonly distFolder: string;
  /** Rows with errors are left out instead of refused. */
  readonly skipBadRows: boolean;
  /** Rows longer than the context are left out instead of refused. */
  readonly excludeLongRows: boolean;
  /** Where the very same experiment exists, its unfinished runs go on instead of new ones. */
  readonly continueSame?: boolean;
  readonly offline?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: { message: string; fraction?: number | undefined }) => void;
}

/** A plan that is not written yet, with what it takes to queue it. */
export interface PreparedExperiment {
  readonly plan: Plan;
  readonly store: ExperimentStore;
  readonly runtime: Runtime;
}

/** From a checked experiment file to queued runs. Refuses bad rows (DatasetError), missing models (ModelError) and too long rows before anything is queued. */
export async function startExperiment(options: StartOptions): Promise<Experiment> {
  const prepared = await prepareExperiment(options);
  const experiment = await writeOrContinue(prepared, options.continueSame ?? false);
  await enqueueRuns(await unfinishedRuns(prepared.store, experiment), prepared.runtime, options);
  return experiment;
}

/** Finds the model, freezes all inputs and plans: everything up to the first file in `experiments/`. */
export async function prepareExperiment(options: StartOptions): Promise<PreparedExperiment> {
  const { machine, distFolder, onProgress, signal } = options;
  const store = storeOf(options);
  onProgress?.({ message: 'Preparing the runtime' });
  const runtime = await installRuntime(distFolder, machine.storage);
  const model = await lookUpModel(options, runtime);
  const frozen = await freezeWithinContext(options, store, runtime, model);
  signal?.throwIfAborted();
  const { contextLength: _contextLength, ...reference } = model;
  const plan = planExperiment({
    ...frozen, file: options.file, model: reference, name: experimentName(options),
    source: options.source, versions: { plumbline: PLUMBLINE_VERSION, node: process.version },
  });
  return { plan, store, runtime };
}

/** Writes a plan, or returns the experiment that was planned from the very same inputs. */
export async function writeOrContinue({ plan, store }: PreparedExperiment, continueSame: boolean): Promise<Experiment> {
  const same = continueSame ? await findSameExperiment(store, plan.experiment) : null;
  return same ?? (await writePlan(store, plan)).experiment;
}

/** Puts runs into the machine's queue and sees that somebody works it off. */
export async function enqueueRuns(runFolders: readonly string[], runtime: Runtime, options: Pick<StartOptions, 'machine' | 'python' | 'launcher' | 'distFolder'>): Promise<void> {
  const { machine, python, launcher, distFolder } = options;
  for (const runFolder of runFolders) {
    await machine.queue.enqueue({ runFolder, python, runtime: runtime.folder, launcher: [...launcher] });
  }
  await ensureRunner({ machine, distFolder });
}

/** Where the results of an experiment in this workspace go. */
export function storeOf({ storeFolder, workspaceFolder }: Pick<StartOptions, 'storeFolder' | 'workspaceFolder'>): ExperimentStore {
  return storeFolder === undefined ? ExperimentStore.of(workspaceFolder) : new ExperimentStore(resolve(storeFolder));
}

function lookUpModel({ file, baseFolder, python, machine, offline, signal, onProgress }: StartOptions, runtime: Runtime): Promise<FoundModel> {
  onProgress?.({ message: `Looking for ${file.model}` });
  const isPath = file.model.startsWith('.') || file.model.startsWith('~');
  return findModel({
    name: isPath ? resolve(baseFolder, file.model) : file.model,
    python, trainerFolder: runtime.trainerFolder, cacheFolder: machine.storage.modelsFolder, offline: offline ?? false, signal,
    onProgress: (message, fraction) => onProgress?.({ message, fraction }),
  });
}

async function freezeWithinContext(options: StartOptions, store: ExperimentStore, runtime: Runtime, model: FoundModel): Promise<Frozen> {
  const freeze: FreezeOptions = {
    file: options.file, arms: expandArms(options.file.arms, options.baseFolder), baseFolder: options.baseFolder, workspaceFolder: options.workspaceFolder,
    snapshotsFolder: store.snapshotsFolder, skipBadRows: options.skipBadRows, signal: options.signal,
    onProgress: (message) => options.onProgress?.({ message }),
  };
  const frozen = await freezeInputs(freeze);
  const long = await longRowsByFile(options, store, runtime, model, frozen);
  const problems = [...long.values()].flat();
  if (problems.length === 0) return frozen;
  if (!options.excludeLongRows) throw new DatasetError(problems);
  const excludedLines = new Map([...long].map(([file, found]) => [file, new Set(found.map(({ line }) => line))]));
  return freezeInputs({ ...freeze, excludedLines });
}

async function longRowsByFile(options: StartOptions, store: ExperimentStore, runtime: Runtime, model: FoundModel, frozen: Frozen): Promise<Map<string, Problem[]>> {
  const { training } = options.file;
  const limit = Math.min(training.maxLength, model.contextLength ?? Infinity);
  const long = new Map<string, Problem[]>();
  for (const dataset of frozen.datasets) {
    options.onProgress?.({ message: `Counting the tokens of ${dataset.path}` });
    const datasetFile = resolve(options.baseFolder, dataset.entry.path);
    const problems = await findLongRows({
      datasetFile, snapshotFile: store.snapshotFile(dataset.whole.sha256), modelPath: model.path, limit, turns: training.turns,
      python: options.python, trainerFolder: runtime.trainerFolder, signal: options.signal,
    });
    if (problems.length > 0) long.set(datasetFile, problems);
  }
  return long;
}

function experimentName({ file, source, baseFolder }: StartOptions): string {
  if (file.name !== undefined) return file.name;
  const from = source ?? join(baseFolder, file.datasets[0]?.path ?? 'experiment');
  return basename(from).replace(/\.(experiment\.json|jsonl|json|csv)$/, '');
}
