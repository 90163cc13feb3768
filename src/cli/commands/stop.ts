import { ExperimentFollower } from '../../core/experiments/follow';
import { ENDED_STATES } from '../../core/schema/state';
import { requestStop } from '../../core/training/requests';
import { resumeRun } from '../../core/training/resumeRun';
import { ensureRunner } from '../../core/training/runnerProcess';
import { CliError, type CliContext } from '../context';
import { print, printJson } from '../output';
import { resolveExperiment } from '../resolveExperiment';

/** Asks all open runs of an experiment, or the one named, to stop at their next step with a checkpoint. */
export async function stop(context: CliContext, experimentName: string, runId?: string): Promise<void> {
  const machine = await context.machine();
  const runs = (await runsOf(context, experimentName, runId)).filter((run) => !ENDED_STATES.includes(run.state));
  for (const run of runs) await requestStop(run.folder);
  await ensureRunner({ machine, distFolder: context.distFolder });
  report(context, 'stopping', runs.map(({ run }) => run.id));
}

/** Queues an experiment's runs that ended early, or the one named: each goes on from its last checkpoint. */
export async function resume(context: CliContext, experimentName: string, runId: string | undefined, options: { python?: string }): Promise<void> {
  const python = await context.requirePython(options.python);
  const runs = (await runsOf(context, experimentName, runId)).filter((run) => ['failed', 'cancelled', 'interrupted'].includes(run.state));
  for (const run of runs) {
    await resumeRun({ runFolder: run.folder, python: python.path, launcher: [], machine: await context.machine(), distFolder: context.distFolder });
  }
  report(context, 'queued', runs.map(({ run }) => run.id));
}

async function runsOf(context: CliContext, experimentName: string, runId?: string) {
  const experimentId = await resolveExperiment(context.store, experimentName);
  const { runs } = await new ExperimentFollower(context.store, experimentId, await context.machine()).refresh();
  if (runId === undefined) return runs;
  const named = runs.filter(({ run }) => run.id === runId);
  if (named.length === 0) throw new CliError(`${experimentId} has no run ${runId}.`, `Its runs: ${runs.map(({ run }) => run.id).join(', ')}.`);
  return named;
}

function report(context: CliContext, what: string, runs: string[]): void {
  if (context.json) printJson({ [what]: runs });
  else print(runs.length === 0 ? 'No run to act on.' : `${what}: ${runs.join(', ')}`);
}
