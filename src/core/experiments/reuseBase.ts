import { LOCAL_JUDGE } from '../schema/judgeFile';
import type { RunSpec } from '../schema/run';
import type { ExperimentStore } from './store';

/** A finished evaluation of the same weights that asked all that `wanted` asks. Identity is the hash of the weights, never the name. */
export async function findReusableBase(store: ExperimentStore, wanted: RunSpec): Promise<{ experimentId: string; runId: string } | null> {
  const ids = await store.experimentIds();
  for (const experimentId of ids.reverse()) {
    const experiment = await store.readExperiment(experimentId).catch(() => null);
    for (const run of experiment?.runs.filter((r) => r.kind === 'evaluate') ?? []) {
      const spec = await store.readRun(experimentId, run.id).catch(() => null);
      const state = await store.readRunState(experimentId, run.id).catch(() => null);
      if (spec !== null && state?.state === 'done' && covers(spec, wanted)) return { experimentId, runId: run.id };
    }
  }
  return null;
}

function covers(done: RunSpec, wanted: RunSpec): boolean {
  const asked = new Set(done.evaluations.map(({ id }) => id));
  // The runner judges with the shipped judge only; any other judges whatever answers the experiment rests on.
  const isJudgedFor = done.judge === wanted.judge || wanted.judge !== LOCAL_JUDGE;
  return done.model.weightsHash === wanted.model.weightsHash && isJudgedFor
    && wanted.evaluations.every(({ id }) => asked.has(id));
}
