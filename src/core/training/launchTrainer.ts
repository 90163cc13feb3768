import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { trainerArguments, trainerEnvironment } from '../environment/trainerCommand';
import { Runtime } from '../machine/runtime';
import type { QueueEntry } from '../schema/queue';
import type { Device } from './devices';

export interface Launched {
  readonly pid: number;
  /** How the process ended, for the runner that started it; one that adopts it never learns. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/**
 * Starts the trainer of a run, detached: it writes its own events, its output goes to train.log, and it outlives whoever started it.
 * Its working folder is the trainer's, never the workspace's: Python imports from there first.
 */
export async function launchTrainer(entry: QueueEntry, attempt: number, device: Device): Promise<Launched> {
  const log = await open(join(entry.runFolder, 'train.log'), 'a');
  try {
    const words = [...entry.launcher, entry.python, ...trainerArguments('run', '--run-dir', entry.runFolder, '--attempt', String(attempt))];
    const child = spawn(words[0] as string, words.slice(1), {
      cwd: new Runtime(entry.runtime).trainerFolder,
      env: { ...trainerEnvironment(), ...device.env },
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
      windowsHide: true,
    });
    const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return { pid: child.pid as number, ended };
  } finally {
    await log.close();
  }
}
