import { installRuntime } from '../machine/runtime';
import type { Machine } from '../machine/machine';
import { ensureRunner } from './runnerProcess';

/** Queues a run again: a new attempt goes on from its last checkpoint. */
export async function resumeRun(options: {
  runFolder: string;
  python: string;
  launcher: readonly string[];
  machine: Machine;
  distFolder: string;
}): Promise<void> {
  const { runFolder, python, launcher, machine, distFolder } = options;
  const runtime = await installRuntime(distFolder, machine.storage);
  await machine.queue.enqueue({ runFolder, python, runtime: runtime.folder, launcher: [...launcher] });
  await ensureRunner({ machine, distFolder });
}
