import { withPoolPaths } from '../configuration/defensePools';
import type { RunSpec } from '../schema/run';
import { contentId } from './identifiers';

/** Hash of all that decides a run's results, by content: names, paths, times and versions of the product are left out. */
export function runKey(run: RunSpec): string {
  const { kind, seed, model, arm, dataset, training } = run;
  return contentId({
    kind, seed: kind === 'train' ? seed : 0, weights: model.weightsHash, training,
    defenses: arm?.defenses.map((defense) => withPoolPaths(defense, () => '')) ?? null,
    data: dataset?.train.sha256 ?? null, evaluations: run.evaluations.map(({ id }) => id), judge: run.judge,
  });
}
