import { withPoolPaths } from '../configuration/defensePools';
import { judgeVersionOf } from '../evaluation/judgeIdentity';
import type { Experiment } from '../schema/experiment';
import { LOCAL_JUDGE } from '../schema/judgeFile';
import { contentId } from './identifiers';
import { isJudged } from './isJudged';
import type { ExperimentStore } from './store';

/** The newest experiment that was planned from the very same inputs; runs of it that are done need not be made again. */
export async function findSameExperiment(store: ExperimentStore, planned: Experiment): Promise<Experiment | null> {
  const wanted = planIdentity(planned);
  const ids = await store.experimentIds();
  for (const id of ids.reverse()) {
    const experiment = await store.readExperiment(id).catch(() => null);
    if (experiment !== null && planIdentity(experiment) === wanted) return experiment;
  }
  return null;
}

/** Hash of all that decides an experiment's results. */
function planIdentity(experiment: Experiment): string {
  const { datasets, training, evaluation, sampler, generalEvaluationId, seeds, judge, judgeFile } = experiment;
  const judgeVersion = judgeFile === undefined ? {} : { judgeVersion: judgeVersionOf(judgeFile) };
  const arms = experiment.arms.map(({ defenses }) => defenses.map((defense) => withPoolPaths(defense, () => '')));
  return contentId({ weights: experiment.model?.weightsHash ?? null, datasets, arms, training, evaluation, sampler, generalEvaluationId, seeds, judge, ...judgeVersion }, 64);
}

/** Folders of an experiment's runs that still need the queue's work: not done, or done and not judged by the judge that the runner has. */
export async function unfinishedRuns(store: ExperimentStore, experiment: Experiment): Promise<string[]> {
  const needsWork = await Promise.all(experiment.runs.map(async ({ id }) => {
    const state = await store.readRunState(experiment.id, id);
    return state?.state !== 'done' || (experiment.judge === LOCAL_JUDGE && !isJudged(store, await store.readRun(experiment.id, id)));
  }));
  return experiment.runs.filter((_, i) => needsWork[i]).map(({ id }) => store.runFolder(experiment.id, id));
}
