import type { Experiment } from '../schema/experiment';
import { contentId } from './identifiers';
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
  const { datasets, training, evaluation, sampler, generalEvaluationId, seeds, judge } = experiment;
  const arms = experiment.arms.map(({ defenses }) => defenses.map((d) => (d.type === 'interleave' ? { ...d, pool: '' } : d)));
  return contentId({ weights: experiment.model?.weightsHash ?? null, datasets, arms, training, evaluation, sampler, generalEvaluationId, seeds, judge }, 64);
}

/** Runs of an experiment that are not done yet, its base among them. */
export async function unfinishedRuns(store: ExperimentStore, experiment: Experiment): Promise<string[]> {
  const states = await Promise.all(experiment.runs.map(async (run) => ({
    folder: store.runFolder(experiment.id, run.id),
    state: await store.readRunState(experiment.id, run.id),
  })));
  return states.filter(({ state }) => state?.state !== 'done').map(({ folder }) => folder);
}
