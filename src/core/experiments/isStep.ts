import type { PlannedRun } from '../schema/experiment';

/** Whether a run only serves others (a persona's vector, a pool's scores, a misaligned adapter): it is asked nothing itself. */
export function isStep({ kind, armId }: Pick<PlannedRun, 'kind' | 'armId'>): boolean {
  return armId === null && (kind === 'train' || kind === 'extract' || kind === 'score');
}
