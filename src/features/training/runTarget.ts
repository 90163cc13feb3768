import { z } from 'zod';
import type { RunView } from '../../core/experiments/follow';
import { LIVE_STATES } from '../../core/schema/state';
import type { WorkspaceExperiment } from '../experimentsModel';

const target = z.object({
  experimentId: z.string(),
  armId: z.string().nullable().optional(),
  runId: z.string().optional(),
});
const argument = z.object({ target });

/** The runs that a row of the tree stands for: one, an arm's, or all of an experiment's. */
export function runsOfArgument(experiments: readonly WorkspaceExperiment[], value: unknown): RunView[] {
  const parsed = argument.safeParse(value);
  if (!parsed.success) return [];
  const { experimentId, armId, runId } = parsed.data.target;
  const runs = experiments.find(({ id }) => id === experimentId)?.view?.runs ?? [];
  return runs.filter(({ run }) => (runId !== undefined ? run.id === runId : armId === undefined || run.armId === armId));
}

export function canStop({ state }: RunView): boolean {
  return state === 'queued' || LIVE_STATES.includes(state);
}

export function canResume({ state, run }: RunView): boolean {
  return run.kind !== 'import' && ['failed', 'cancelled', 'interrupted'].includes(state);
}
