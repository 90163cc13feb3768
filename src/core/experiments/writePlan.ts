import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic, writeJsonAtomic } from '../files/atomicWrite';
import type { RunSpec } from '../schema/run';
import type { Plan } from './plan';
import { findReusableBase } from './reuseBase';
import type { ExperimentStore } from './store';

/**
 * Writes a plan to the store: runs first, experiment.json last, so that readers see a whole experiment or none.
 * Where the same base model has been asked the same before, that evaluation is pointed to and not made again.
 */
export async function writePlan(store: ExperimentStore, plan: Plan): Promise<Plan> {
  const resolved = await withReusedBase(store, plan);
  await keepOutOfGit(store);
  for (const run of resolved.runs) await writeRun(store, resolved, run);
  const folder = store.experimentFolder(resolved.experiment.id);
  await mkdir(folder, { recursive: true });
  await writeJsonAtomic(join(folder, 'experiment.json'), resolved.experiment);
  return resolved;
}

async function withReusedBase(store: ExperimentStore, plan: Plan): Promise<Plan> {
  const base = plan.runs.find((run) => run.kind === 'evaluate');
  const reused = base === undefined ? null : await findReusableBase(store, base);
  if (base === undefined || reused === null) return plan;
  return {
    ...plan,
    runs: plan.runs.filter((run) => run !== base),
    experiment: { ...plan.experiment, base: reused, runs: plan.experiment.runs.filter((run) => run.id !== base.id) },
  };
}

async function writeRun(store: ExperimentStore, plan: Plan, run: RunSpec): Promise<void> {
  const folder = store.runFolder(run.experimentId, run.id);
  await mkdir(join(folder, 'requests'), { recursive: true });
  for (const { checkpoint, id } of run.evaluations) {
    const spec = plan.evaluations.find((evaluation) => evaluation.id === id);
    await writeJsonAtomic(join(store.evaluationFolder(run.experimentId, run.id, checkpoint, id), 'evaluation.json'), spec);
  }
  await writeJsonAtomic(join(folder, 'run.json'), run);
}

/** Adapters and checkpoints are large, and harmful answers do not belong into a repository by accident. */
async function keepOutOfGit(store: ExperimentStore): Promise<void> {
  await writeFileAtomic(join(store.root, '.gitignore'), '*\n');
}
