import { relative, resolve } from 'node:path';
import { poolsOf } from '../configuration/defensePools';
import type { ExpandedArm } from '../configuration/expandArms';
import { readJudgeFile } from '../configuration/judgeFile';
import { findUnscorableRows } from '../configuration/unscorableRows';
import { DatasetError } from '../datasets/datasetError';
import { snapshotDataset } from '../datasets/snapshotDataset';
import { snapshotProbePairs } from '../datasets/probePairs';
import { snapshotQuestions } from '../datasets/questions';
import type { Problem } from '../datasets/problem';
import type { PlannedDefense, ResolvedDefense } from '../schema/defenses';
import type { ExperimentFile } from '../schema/experimentFile';
import { LOCAL_JUDGE, type JudgeFile } from '../schema/judgeFile';
import type { Snapshot } from '../schema/rows';
import { freezeChoices } from './freezeChoices';
import type { FrozenDataset, FrozenInputs } from './plan';

export interface FreezeOptions {
  readonly file: ExperimentFile;
  readonly arms: readonly ExpandedArm[];
  /** Paths in the file are relative to it. */
  readonly baseFolder: string;
  readonly workspaceFolder: string;
  readonly snapshotsFolder: string;
  /** Rows with errors are left out instead of refused. */
  readonly skipBadRows: boolean;
  /** Lines to leave out of a dataset, by its absolute path. */
  readonly excludedLines?: ReadonlyMap<string, ReadonlySet<number>>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (message: string) => void;
}

export type Frozen = Pick<FrozenInputs, 'datasets' | 'arms' | 'general' | 'probe' | 'judge'>;

/** The split into training and held-out rows is seeded alike for all arms and seeds. */
const SPLIT_SEED = 0;

/** Copies datasets, pools and question sets into content-addressed snapshots, and reads the judge: an edit after this changes nothing. Collects the problems of all files. */
export async function freezeInputs(options: FreezeOptions): Promise<Frozen> {
  const problems: Problem[] = [];
  const collect = async <T>(work: Promise<T>): Promise<T | null> => {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof DatasetError)) throw error;
      problems.push(...error.problems);
      return null;
    }
  };
  const { file, baseFolder, snapshotsFolder } = options;
  const datasets: (FrozenDataset | null)[] = [];
  for (const entry of file.datasets) datasets.push(await collect(freezeDataset(entry, options)));
  const pools = new Map<string, Snapshot | null>();
  for (const path of poolPaths(options.arms)) pools.set(path, await collect(freezePool(path, options)));
  const general = await collect(snapshotQuestions(resolve(baseFolder, file.evaluation.general), snapshotsFolder, 'general'));
  const probe = file.evaluation.probe === undefined
    ? null : await collect(snapshotProbePairs(resolve(baseFolder, file.evaluation.probe), snapshotsFolder));
  const judge = await collect(freezeJudge(file.evaluation.judge, baseFolder));
  if (problems.length > 0 || general === null) throw new DatasetError(problems);
  return {
    datasets: datasets.filter((dataset) => dataset !== null),
    arms: options.arms.map((arm) => ({ name: arm.name, defenses: arm.defenses.map((defense) => freezeDefense(defense, pools)) })),
    general,
    probe,
    judge,
  };
}

async function freezeDataset(entry: ExperimentFile['datasets'][number], options: FreezeOptions): Promise<FrozenDataset> {
  const { baseFolder, workspaceFolder, snapshotsFolder, skipBadRows, excludedLines, signal, onProgress } = options;
  const path = resolve(baseFolder, entry.path);
  onProgress?.(`Reading ${entry.path}`);
  const unscorable = await findUnscorableRows(path, entry.task, { signal });
  if (unscorable.length > 0 && !skipBadRows) throw new DatasetError(unscorable);
  const frozen = await snapshotDataset({
    path, snapshotsDir: snapshotsFolder, skipBadRows, heldOut: entry.heldOut, seed: SPLIT_SEED, signal,
    excludeLines: new Set([...excludedLines?.get(path) ?? [], ...unscorable.map(({ line }) => line)]),
  });
  const choices = await freezeChoices(entry.task, frozen.heldOut, snapshotsFolder);
  const inDomain = entry.inDomain === undefined ? null : await snapshotQuestions(resolve(baseFolder, entry.inDomain), snapshotsFolder, 'in-domain');
  return { entry, path: relative(workspaceFolder, path).replaceAll('\\', '/'), ...frozen, inDomain, choices };
}

/** Null: the judge that is shipped. */
async function freezeJudge(judge: string, baseFolder: string): Promise<JudgeFile | null> {
  if (judge === LOCAL_JUDGE) return null;
  const { value, problems } = await readJudgeFile(resolve(baseFolder, judge));
  if (value === null) throw new DatasetError(problems);
  return value;
}

function poolPaths(arms: readonly ExpandedArm[]): Set<string> {
  return new Set(arms.flatMap((arm) => arm.defenses.flatMap((defense) => poolsOf(defense).map(({ path }) => path))));
}

async function freezePool(path: string, { snapshotsFolder, skipBadRows, signal, onProgress }: FreezeOptions): Promise<Snapshot> {
  onProgress?.(`Reading ${path}`);
  const { whole } = await snapshotDataset({ path, snapshotsDir: snapshotsFolder, skipBadRows, heldOut: 0, seed: SPLIT_SEED, signal });
  return whole;
}

function freezeDefense(defense: ResolvedDefense, pools: ReadonlyMap<string, Snapshot | null>): PlannedDefense {
  const frozen = poolsOf(defense).map(({ parameter, path }) => {
    const poolSnapshot = pools.get(path);
    if (!poolSnapshot) throw new Error(`The pool ${path} is not frozen.`);
    return [`${parameter}Snapshot`, poolSnapshot];
  });
  return { ...defense, ...Object.fromEntries(frozen) } as PlannedDefense;
}
