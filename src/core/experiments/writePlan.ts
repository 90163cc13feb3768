import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic, writeJsonAtomic } from '../files/atomicWrite';
import type { RunSpec } from '../schema/run';
import type { Plan } from './plan';
import { reuseRuns, type IsQueued } from './reuseRuns';
import type { ExperimentStore } from './store';

/**
 * Writes a plan to the store: runs first, experiment.json last, so that readers see a whole experiment or none.
 * What the store has already, such as the base's evaluation or a persona's vector, is pointed to and not made again.
 */
export async function writePlan(store: ExperimentStore, plan: Plan, isQueued: IsQueued = () => false): Promise<Plan> {
  const resolved = await reuseRuns(store, plan, isQueued);
  await keepOutOfGit(store);
  for (const run of resolved.runs) await writeRun(store, resolved, run);
  const folder = store.experimentFolder(resolved.experiment.id);
  await mkdir(folder, { recursive: true });
  await writeJsonAtomic(join(folder, 'experiment.json'), resolved.experiment);
  return resolved;
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
