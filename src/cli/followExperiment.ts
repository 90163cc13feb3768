import { driftText } from '../core/experiments/drift';
import { ExperimentFollower, type ExperimentView, type RunView } from '../core/experiments/follow';
import type { ExperimentStore } from '../core/experiments/store';
import type { Machine } from '../core/machine/machine';
import { ENDED_STATES, LIVE_STATES } from '../core/schema/state';
import { requestStop } from '../core/training/requests';
import { ensureRunner } from '../core/training/runnerProcess';
import { duration } from './duration';
import { note } from './output';
import { ProgressLine } from './progressLine';

const REFRESH_MS = 1000;

/** Shows an experiment's progress until all its runs have ended and are judged. Ctrl-C stops them cleanly, a second one leaves them to the runner. */
export async function followExperiment(options: {
  store: ExperimentStore; experimentId: string; machine: Machine; distFolder: string;
}): Promise<{ view: ExperimentView; stopped: boolean }> {
  const { store, experimentId, machine, distFolder } = options;
  const follower = new ExperimentFollower(store, experimentId, machine);
  const line = new ProgressLine();
  const startedAt = Date.now();
  let interrupts = 0;
  let view = await follower.refresh();
  const doneBefore = doneWork(view);
  const onInterrupt = () => { interrupts += 1; };
  process.on('SIGINT', onInterrupt);
  try {
    for (let stopAsked = false; !await isOver(view, machine); view = await follower.refresh()) {
      if (interrupts > 1) return { view, stopped: true };
      if (interrupts === 1 && !stopAsked) {
        stopAsked = true;
        note('\nStopping: runs save a checkpoint and end. The same command goes on from there.');
        await stopAll(view);
      }
      line.show(describe(view, doneBefore, (Date.now() - startedAt) / 1000));
      await ensureRunner({ machine, distFolder });
      await new Promise((resolve) => setTimeout(resolve, REFRESH_MS));
    }
    return { view, stopped: interrupts > 0 };
  } finally {
    process.off('SIGINT', onInterrupt);
    line.end();
  }
}

async function stopAll(view: ExperimentView): Promise<void> {
  const open = view.runs.filter((run) => !ENDED_STATES.includes(run.state));
  await Promise.all(open.map((run) => requestStop(run.folder)));
}

/** A run's entry leaves the queue when it is judged, or could not be. */
async function isOver(view: ExperimentView, machine: Machine): Promise<boolean> {
  const folders = new Set(view.runs.map((run) => run.folder));
  return view.runs.every((run) => ENDED_STATES.includes(run.state))
    && !(await machine.queue.list()).some((entry) => folders.has(entry.runFolder));
}

function describe(view: ExperimentView, doneBefore: number, elapsed: number): string {
  const done = view.runs.filter((run) => run.state === 'done').length;
  const live = view.runs.find((run) => LIVE_STATES.includes(run.state));
  const left = secondsLeft(view, doneWork(view) - doneBefore, elapsed);
  const total = left === null ? '' : ` · about ${duration(left)} left in all`;
  return `[${done}/${view.runs.length}] ${live === undefined ? 'waiting or judging' : describeRun(live)}${total}`;
}

function describeRun({ name, state, progress }: RunView): string {
  const drift = state === 'training' ? driftText(progress) : null;
  const { phase, done, total, steps, secondsLeft: left } = progress;
  const share = total > 0 ? ` ${phase === 'train' ? 'step' : phase ?? ''} ${done}/${total}` : '';
  const loss = state === 'training' && steps.length > 0 ? ` · loss ${steps.at(-1)?.loss?.toFixed(2) ?? 'n/a'}` : '';
  return `${name} · ${state}${share}${loss}${drift === null ? '' : ` · ${drift}`}${left === null ? '' : ` · ${duration(left)}`}`;
}

/** From the work that was done while we watched; `null` before a run has ended. */
function secondsLeft(view: ExperimentView, doneNow: number, elapsed: number): number | null {
  if (doneNow <= 0) return null;
  const open = view.runs.filter((run) => !ENDED_STATES.includes(run.state));
  const begun = open.reduce((sum, run) => sum + workOf(run) * runFraction(run), 0);
  const all = open.reduce((sum, run) => sum + workOf(run), 0);
  return (elapsed / (doneNow + begun)) * (all - begun);
}

function doneWork(view: ExperimentView): number {
  return view.runs.filter((run) => run.state === 'done').reduce((sum, run) => sum + workOf(run), 0);
}

/** Roughly, in evaluations: a training run holds one, and training takes three times as long. */
function workOf({ run }: RunView): number {
  return run.kind === 'train' ? 4 : 1;
}

function runFraction({ state, progress }: RunView): number {
  const share = progress.total > 0 ? progress.done / progress.total : 0;
  if (state === 'training') return (share * 3) / 4;
  return state === 'evaluating' ? 3 / 4 + share / 4 : 0;
}
