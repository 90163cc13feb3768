import { changeParts } from '../configuration/defenseParts';
import type { Experiment } from '../schema/experiment';
import { LOCAL_JUDGE } from '../schema/judgeFile';
import type { ArmSpec, RunSpec } from '../schema/run';
import type { RunPointer } from '../schema/runPointer';
import { isStep } from './isStep';
import type { Plan } from './plan';
import { ResultKeys } from './resultKeys';
import type { ExperimentStore } from './store';

/** Whether a run's folder stands in the machine's queue: it will be done. */
export type IsQueued = (runFolder: string) => boolean;

/**
 * A plan without the runs that the store has already: the base's and the references' evaluations, and the steps that defenses need.
 * What used their results points to those of the store. A step may also be one that still waits in the queue; it is needed then.
 */
export async function reuseRuns(store: ExperimentStore, plan: Plan, isQueued: IsQueued): Promise<Plan> {
  const shelf = new Shelf(store, plan, isQueued);
  let left = plan;
  // From the last to the first: what only a reused run needed is not made at all.
  for (const run of plan.experiment.runs.filter(({ armId }) => armId === null).reverse()) {
    if (isStep(run) && !left.runs.some(({ needs }) => needs.includes(run.id))) left = withoutRun(left, run.id);
    else {
      const found = await shelf.find(plan.runs.find(({ id }) => id === run.id)!, isStep(run));
      if (found !== null) left = withReused(left, run.id, found);
    }
  }
  return left;
}

interface Found extends RunPointer { readonly isDone: boolean }

/** The runs of a store, by what their results were made from. */
class Shelf {
  private readonly keys: ResultKeys;

  constructor(private readonly store: ExperimentStore, plan: Plan, private readonly isQueued: IsQueued) {
    this.keys = new ResultKeys(store, plan.runs);
  }

  /** The newest run of the same result that was asked at least the same: done, or, where `mayBeComing`, still in the queue. */
  async find(wanted: RunSpec, mayBeComing: boolean): Promise<Found | null> {
    const key = await this.keys.keyOf({ experimentId: wanted.experimentId, runId: wanted.id });
    for (const experimentId of (await this.store.experimentIds()).reverse()) {
      const experiment = await this.store.readExperiment(experimentId).catch(() => null);
      for (const { id, kind } of experiment?.runs ?? []) {
        const found = kind === wanted.kind ? await this.usable({ experimentId, runId: id }, wanted, key, mayBeComing) : null;
        if (found !== null) return found;
      }
    }
    return null;
  }

  private async usable(pointer: RunPointer, wanted: RunSpec, key: string, mayBeComing: boolean): Promise<Found | null> {
    const spec = await this.store.readRun(pointer.experimentId, pointer.runId).catch(() => null);
    if (spec === null || spec.model.weightsHash !== wanted.model.weightsHash || !covers(spec, wanted)) return null;
    const state = await this.store.readRunState(pointer.experimentId, pointer.runId).catch(() => null);
    const isDone = state?.state === 'done';
    const isComing = mayBeComing && this.isQueued(this.store.runFolder(pointer.experimentId, pointer.runId));
    if (!isDone && !isComing) return null;
    return await this.keys.keyOf(pointer).catch(() => null) === key ? { ...pointer, isDone } : null;
  }
}

function covers(done: RunSpec, wanted: RunSpec): boolean {
  const asked = new Set(done.evaluations.map(({ checkpoint, id }) => `${checkpoint}/${id}`));
  // The runner judges with the shipped judge only; any other judges whatever answers the experiment rests on.
  const isJudgedFor = done.judge === wanted.judge || wanted.judge !== LOCAL_JUDGE || wanted.evaluations.length === 0;
  return isJudgedFor && wanted.evaluations.every(({ checkpoint, id }) => asked.has(`${checkpoint}/${id}`));
}

function withoutRun(plan: Plan, id: string): Plan {
  const { experiment } = plan;
  return { ...plan, runs: plan.runs.filter((run) => run.id !== id), experiment: { ...experiment, runs: experiment.runs.filter((run) => run.id !== id) } };
}

function withReused(plan: Plan, id: string, { isDone, ...found }: Found): Plan {
  const rest = withoutRun(plan, id);
  const redirect = (pointer: RunPointer) => (pointer.experimentId === plan.experiment.id && pointer.runId === id ? found : pointer);
  const needed = isDone ? [] : [`${found.experimentId}/${found.runId}`];
  const needs = (all: readonly string[]) => all.flatMap((need) => (need === id ? needed : [need]));
  const arm = (spec: ArmSpec): ArmSpec => ({ ...spec, defenses: spec.defenses.map((defense) => changeParts(defense, { run: redirect })) });
  return {
    ...rest,
    runs: rest.runs.map((run) => ({
      ...run, needs: needs(run.needs), arm: run.arm && arm(run.arm),
      ...(run.score === undefined ? {} : { score: { ...run.score, adapters: run.score.adapters.map((adapter) => ({ ...adapter, run: redirect(adapter.run) })) } }),
    })),
    experiment: redirected(rest.experiment, redirect, arm, needs),
  };
}

function redirected(
  experiment: Experiment, redirect: (pointer: RunPointer) => RunPointer, arm: (spec: ArmSpec) => ArmSpec, needs: (all: readonly string[]) => string[],
): Experiment {
  const { base, references, arms, runs } = experiment;
  return {
    ...experiment, base: base && redirect(base), arms: arms.map(arm),
    ...(references === undefined ? {} : { references: references.map(({ model, run }) => ({ model, run: redirect(run) })) }),
    runs: runs.map((run) => ({ ...run, needs: needs(run.needs) })),
  };
}
