import { ExperimentFollower } from '../../core/experiments/follow';
import type { CliContext } from '../context';
import { print, printJson } from '../output';

/** Lists the workspace's experiments and the states of their runs. */
export async function list(context: CliContext): Promise<void> {
  const machine = await context.machine();
  const ids = await context.store.experimentIds();
  for (const id of ids) {
    const { experiment, runs } = await new ExperimentFollower(context.store, id, machine).refresh();
    const shown = runs.map(({ run, name, state, progress }) => ({ id: run.id, name, kind: run.kind, state, step: progress.steps.at(-1)?.step ?? null }));
    if (context.json) {
      printJson({ id, name: experiment.name, kind: experiment.kind, createdAt: experiment.createdAt, model: experiment.model?.name ?? null, runs: shown });
      continue;
    }
    print(`${id}  ${experiment.name}`);
    for (const run of shown) print(`  ${run.state.padEnd(11)} ${run.id}`);
  }
  if (ids.length === 0 && !context.json) print(`No experiments in ${context.store.root}.`);
}
