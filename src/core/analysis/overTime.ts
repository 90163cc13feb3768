import type { PlannedDataset } from '../schema/experiment';
import type { Criteria } from './experimentResults';
import { measureCriteria } from './measureModel';
import { poolRuns } from './pool';
import type { LoadedExperiment, RunResult } from './runResult';

/** The four criteria after some optimizer steps; step 0 is the base model. */
export interface TimePoint {
  readonly step: number;
  readonly criteria: Criteria;
}

/** Where training should have stopped. */
export interface EarlyStop {
  readonly step: number;
  readonly criteria: Criteria;
  /** Percent of the task score's gain over the base that is there by then. */
  readonly keeps: number;
}

export interface ArmOverTime {
  readonly armId: string;
  readonly name: string;
  readonly points: readonly TimePoint[];
  /** Null where the task was not learned, or the end is the best point. */
  readonly earlyStop: EarlyStop | null;
}

/** Share of the task score's gain that an early stop must keep ("Overtrained, Not Misaligned", arXiv 2605.12199, reports 93 % on average). */
const KEPT_GAIN = 0.9;

/** How the criteria of every arm moved along its training on one dataset. Empty where nothing was evaluated on the way. */
export function armsOverTime(dataset: PlannedDataset, { experiment, base, runs }: LoadedExperiment): ArmOverTime[] {
  return experiment.arms.flatMap((arm) => {
    const own = runs.filter((run) => run.armId === arm.id && run.datasetId === dataset.id && run.continues === undefined);
    const points = [...(base ? [{ step: 0, runs: [base] }] : []), ...momentsOf(own)]
      .map(({ step, runs: then }): TimePoint => ({ step, criteria: criteriaOf(then, experiment.generalEvaluationId, dataset) }))
      .filter(({ criteria }) => criteria.emRate.n > 0 || criteria.taskScore.n > 0);
    return own.some(({ checkpoints }) => (checkpoints?.size ?? 0) > 0) && points.length > 1
      ? [{ armId: arm.id, name: arm.name, points, earlyStop: earlyStopOf(points) }] : [];
  });
}

/** The runs of an arm (its seeds) as they were at each step that was evaluated. */
function momentsOf(runs: readonly RunResult[]): { step: number; runs: RunResult[] }[] {
  const moments = new Map<number, RunResult[]>();
  for (const run of runs) {
    const along = [...(run.checkpoints ?? [])].map(([step, evaluations]) => ({ step, evaluations }));
    const end = run.steps === undefined ? [] : [{ step: run.steps, evaluations: run.evaluations }];
    for (const { step, evaluations } of [...along, ...end]) {
      moments.set(step, [...(moments.get(step) ?? []), { ...run, evaluations }]);
    }
  }
  return [...moments].map(([step, then]) => ({ step, runs: then })).sort((a, b) => a.step - b.step);
}

function criteriaOf(runs: readonly RunResult[], generalEvaluationId: string | null, dataset: PlannedDataset): Criteria {
  const pool = poolRuns(runs, generalEvaluationId, dataset);
  return measureCriteria({ em: [pool], task: [pool], sharesGeneral: false });
}

/** Of the points that keep most of what the task score gained, the one with the least EM rate; the earliest of equals. */
export function earlyStopOf(points: readonly TimePoint[]): EarlyStop | null {
  const [start, end] = [points[0]?.criteria.taskScore.value ?? null, points.at(-1)?.criteria.taskScore.value ?? null];
  if (start === null || end === null || end <= start) {
    return null;
  }
  const kept = points.slice(1).flatMap(({ step, criteria }) => {
    const gained = criteria.taskScore.value === null ? 0 : (criteria.taskScore.value - start) / (end - start);
    return gained >= KEPT_GAIN && criteria.emRate.value !== null ? [{ step, criteria, keeps: 100 * gained }] : [];
  });
  const best = kept.sort((a, b) => a.criteria.emRate.value! - b.criteria.emRate.value! || a.step - b.step)[0];
  return best === undefined || best.step === points.at(-1)!.step ? null : best;
}
