import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { LockFile } from '../machine/lockFile';
import type { Machine } from '../machine/machine';
import { installRuntime, type Runtime } from '../machine/runtime';

/** Starts the detached queue runner where something is queued and no runner lives. */
export async function ensureRunner({ machine, distFolder }: { machine: Machine; distFolder: string }): Promise<void> {
  if ((await machine.queue.list()).length === 0) return;
  const lock = new LockFile(machine.storage.runnerLock, machine.secret);
  if (await lock.holder() !== null) return;
  await startRunner(machine, await installRuntime(distFolder, machine.storage));
}

/** Starts a runtime's queue runner, detached. */
export async function startRunner(machine: Machine, runtime: Runtime): Promise<void> {
  await mkdir(machine.storage.hostFolder, { recursive: true });
  const log = await open(machine.storage.runnerLog, 'a');
  try {
    const child = spawn(process.execPath, [runtime.runnerScript], {
      cwd: runtime.folder,
      // VS Code's own executable is Electron, which this makes a plain Node.
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
      windowsHide: true,
    });
    child.on('error', () => undefined);
    child.unref();
  } finally {
    await log.close();
  }
}
