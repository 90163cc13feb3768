import type { RunPointer } from '../schema/runPointer';

/** The run that an entry of `needs` names: one of the same experiment by its id, another's as `<experiment>/<run>`. */
export function neededRun(need: string, experimentId: string): RunPointer {
  const [first, second] = need.split('/');
  return second === undefined ? { experimentId, runId: need } : { experimentId: first!, runId: second };
}
