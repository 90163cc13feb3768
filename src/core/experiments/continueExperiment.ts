import { judgeVersionOf } from '../evaluation/judgeIdentity';
import type { Experiment } from '../schema/experiment';
import { LOCAL_JUDGE } from '../schema/judgeFile';
import type { RunPointer } from '../schema/runPointer';
import { contentId } from './identifiers';
import { isJudged } from './isJudged';
import { neededRun } from './needs';
import type { Plan } from './plan';
import { ResultKeys } from './resultKeys';
import { defenseContent, runsUsedBy } from './runKey';
import type { ExperimentStore } from './store';

/** The newest experiment that was planned from the very same inputs; runs of it that are done need not be made again. */
export async function findSameExperiment(store: ExperimentStore, plan: Plan): Promise<Experiment | null> {
  const wanted = planIdentity(plan.experiment);
  const keys = new ResultKeys(store, plan.runs);
  const ids = await store.experimentIds();
  for (const id of ids.reverse()) {
    const experiment = await store.readExperiment(id).catch(() => null);
    if (experiment !== null && planIdentity(experiment) === wanted && await usesSameResults(plan, id, keys)) return experiment;
  }
  return null;
}

/** Hash of all that decides an experiment's results, but for the runs whose results its arms use. */
function planIdentity(experiment: Experiment): string {
  const { datasets, training, evaluation, sampler, generalEvaluationId, seeds, judge, judgeFile, then } = experiment;
  const judgeVersion = judgeFile === undefined ? {} : { judgeVersion: judgeVersionOf(judgeFile) };
  const arms = experiment.arms.map(({ defenses }) => defenses.map((defense) => defenseContent(defense, () => '')));
  return contentId({
    weights: experiment.model?.weightsHash ?? null, datasets, arms, training, evaluation, sampler, generalEvaluationId, seeds, judge, ...judgeVersion,
    ...(then === undefined ? {} : { then }),
  }, 64);
}

/** Whether vectors and scores come from the same content: a persona or a pool may have changed under the same name. */
async function usesSameResults(plan: Plan, experimentId: string, keys: ResultKeys): Promise<boolean> {
  for (const run of plan.runs.filter((each) => each.arm !== null && runsUsedBy(each).length > 0)) {
    const planned = await keys.keyOf({ experimentId: run.experimentId, runId: run.id });
    const stored = await keys.keyOf({ experimentId, runId: run.id }).catch(() => null);
    if (planned !== stored) return false;
  }
  return true;
}

/**
 * Folders of the runs that an experiment still needs the queue's work on, each after those that it needs: not done, or done and not
 * judged by the judge that the runner has. A run of another experiment that one needs is among them while it is not done.
 */
export async function unfinishedRuns(store: ExperimentStore, experiment: Experiment): Promise<string[]> {
  const folders = new Set<string>();
  for (const { id, needs } of experiment.runs) {
    if (!await needsWork(store, experiment, id)) continue;
    for (const need of needs.map((each) => neededRun(each, experiment.id))) {
      if (need.experimentId !== experiment.id && !await isDone(store, need)) folders.add(store.runFolder(need.experimentId, need.runId));
    }
    folders.add(store.runFolder(experiment.id, id));
  }
  return [...folders];
}

async function needsWork(store: ExperimentStore, { id, judge }: Experiment, runId: string): Promise<boolean> {
  if (!await isDone(store, { experimentId: id, runId })) return true;
  return judge === LOCAL_JUDGE && !isJudged(store, await store.readRun(id, runId));
}

async function isDone(store: ExperimentStore, { experimentId, runId }: RunPointer): Promise<boolean> {
  return (await store.readRunState(experimentId, runId))?.state === 'done';
}
