import type { RunView } from '../core/experiments/follow';
import type { RunProgress } from '../core/experiments/runProgress';
import { duration } from './format';

const PHASES: Record<NonNullable<RunProgress['phase']>, string> = {
  load: 'loading the model', train: 'training', extract: 'extracting the persona', generate: 'answering', score: 'scoring',
};

/** "training 42 % · 3 min left" */
export function liveText({ state, progress }: RunView): string {
  const phase = progress.phase === null ? state : PHASES[progress.phase];
  const parts = [fractionOf(progress) === null ? phase : `${phase} ${Math.floor(100 * fractionOf(progress)!)} %`];
  if (progress.secondsLeft !== null && progress.secondsLeft > 0) parts.push(`${duration(progress.secondsLeft)} left`);
  return parts.join(' · ');
}

export function fractionOf({ done, total }: Pick<RunProgress, 'done' | 'total'>): number | null {
  return total > 0 ? Math.min(1, done / total) : null;
}

/** What went wrong, from the state file, else from the trainer's own last words. */
export function errorOf({ runState, progress }: RunView): { class: string; message: string; hint: string } | null {
  return runState?.error ?? progress.error;
}
