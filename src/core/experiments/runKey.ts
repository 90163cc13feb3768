import { changeParts, MODEL_ROLES, parameterOf } from '../configuration/defenseParts';
import type { PlannedDefense } from '../schema/defenses';
import type { RunSpec } from '../schema/run';
import type { RunPointer } from '../schema/runPointer';
import { contentId } from './identifiers';

/** The key of the result that a pointer leads to. */
export type KeyOfResult = (pointer: RunPointer) => string;

/**
 * Hash of all that decides a run's results, by content: names, paths, times and versions of the product are left out.
 * Where a run uses the result of another, that one's key stands for it.
 */
export function runKey(run: RunSpec, keyOf: KeyOfResult): string {
  const { kind, seed, model, arm, dataset, training, extract, score, continues } = run;
  return contentId({
    kind, seed: kind === 'train' ? seed : 0, weights: model.weightsHash, training,
    defenses: arm?.defenses.map((defense) => defenseContent(defense, keyOf)) ?? null,
    data: dataset?.train.sha256 ?? null, evaluations: run.evaluations.map(evaluationContent), judge: run.judge,
    // Absent where a run has none, so that keys of runs without them stay what they were.
    ...(continues === undefined ? {} : { continues: keyOf(continues) }),
    ...(extract === undefined ? {} : { extract }),
    ...(score === undefined ? {} : { score: { pool: score.pool.sha256, adapters: score.adapters.map((adapter) => keyOf(adapter.run)) } }),
  });
}

/** Key of what a run leaves for others: its adapter, vector or scores. What it is asked afterwards, and who judges that, changes nothing of these. */
export function resultKey(run: RunSpec, keyOf: KeyOfResult): string {
  return runKey({ ...run, evaluations: [], judge: '' }, keyOf);
}

/** The runs whose results a run uses. */
export function runsUsedBy(run: RunSpec): RunPointer[] {
  const used: RunPointer[] = [];
  runKey(run, (pointer) => {
    used.push(pointer);
    return '';
  });
  return used;
}

/** A defense without names and paths: what they lead to is in it by content. */
export function defenseContent(defense: PlannedDefense, keyOf: KeyOfResult): Record<string, unknown> {
  const content: Record<string, unknown> = changeParts(defense, { path: () => '', model: ({ weightsHash }) => weightsHash, run: keyOf });
  for (const role of ['adapters', 'persona', ...MODEL_ROLES] as const) delete content[parameterOf(defense.type, role) ?? ''];
  return content;
}

/** The end of a run, or the base, goes without saying; a step on the way does not. */
function evaluationContent({ checkpoint, id }: RunSpec['evaluations'][number]): string {
  return checkpoint.startsWith('step-') ? `${checkpoint}/${id}` : id;
}

/** Keys of a plan's runs, and of the results that they use, by run id; a plan points to runs of its own. */
export function keysOfRuns(runs: readonly RunSpec[]): Map<string, string> {
  const byId = new Map(runs.map((run) => [run.id, run]));
  const keyOf: KeyOfResult = ({ runId }) => {
    const run = byId.get(runId);
    if (run === undefined) throw new Error(`The plan has no run ${runId}.`);
    return resultKey(run, keyOf);
  };
  return new Map(runs.map((run) => [run.id, runKey(run, keyOf)]));
}
