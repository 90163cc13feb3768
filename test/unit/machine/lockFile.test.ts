import { spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LockFile } from '../../../src/core/machine/lockFile';
import type { Machine } from '../../../src/core/machine/machine';
import { temporaryMachine } from '../../fixtures/temporaryMachine';

let machine: Machine;
let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => { ({ machine, folder, remove } = await temporaryMachine()); });
afterEach(() => remove());

const lockPath = () => join(folder, 'locks', 'one');

describe('a lock', () => {
  it('is held by one, and free again when released', async () => {
    const lock = new LockFile(lockPath(), machine.secret);
    expect(await lock.acquire()).toBe(true);
    expect(await new LockFile(lockPath(), machine.secret).acquire()).toBe(false);
    expect((await lock.holder())?.pid).toBe(process.pid);
    await lock.release();
    expect(await lock.holder()).toBeNull();
    expect(await lock.acquire()).toBe(true);
  });

  it('goes to exactly one of many who come at once, stale or not', async () => {
    for (const stale of [false, true]) {
      await new LockFile(lockPath(), machine.secret).release();
      if (stale) await holdByDeadProcess();
      const won = await Promise.all(Array.from({ length: 20 }, () => new LockFile(lockPath(), machine.secret).acquire()));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await readdir(dirname(lockPath()))).toEqual(['one']);
    }
  });

  it('is lost by a holder that died', async () => {
    await holdByDeadProcess();
    const lock = new LockFile(lockPath(), machine.secret);
    expect(await lock.holder()).toBeNull();
    expect(await lock.acquire()).toBe(true);
  });

  it('of a pid that belongs to another process by now counts as lost', async () => {
    const lock = new LockFile(lockPath(), machine.secret);
    await lock.acquire();
    const identity = JSON.parse(await readFile(lockPath(), 'utf8')) as Record<string, unknown>;
    await writeFile(lockPath(), JSON.stringify({ ...identity, startTime: '1' }));
    expect(await lock.holder()).toBeNull();
  });

  async function holdByDeadProcess(): Promise<void> {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    expect(await new LockFile(lockPath(), machine.secret).acquire(child.pid)).toBe(true);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
});
