import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { killLeftovers } from '../../../scripts/lib/leftovers.mjs';
import { stopProcessTree } from '../../../scripts/lib/processTree.mjs';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function waitUntilDead(pid: number): Promise<void> {
  for (let attempt = 0; attempt < 50 && isAlive(pid); attempt += 1) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(isAlive(pid)).toBe(false);
}

describe.skipIf(process.platform === 'win32')('stopping processes', () => {
  it('ends a leader that ignores SIGTERM, and its child', async () => {
    const script = "process.on('SIGTERM', () => {}); const c = require('child_process').spawn('sleep', ['60']); console.log(c.pid); setInterval(() => {}, 1000)";
    const leader = spawn(process.execPath, ['-e', script], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    const [output] = await once(leader.stdout!, 'data') as [Buffer];
    await stopProcessTree(leader, 300);
    await waitUntilDead(leader.pid!);
    await waitUntilDead(Number(output.toString()));
  });

  it.runIf(process.platform === 'linux')('ends what was started under a value in the environment, and nothing else', async () => {
    const value = `/tmp/plumbline-leftovers-${process.pid}`;
    const ours = spawn('sleep', ['60'], { detached: true, stdio: 'ignore', env: { ...process.env, XDG_DATA_HOME: value } });
    const other = spawn('sleep', ['60'], { detached: true, stdio: 'ignore', env: { ...process.env, XDG_DATA_HOME: `${value}-other` } });
    await Promise.all([once(ours, 'spawn'), once(other, 'spawn')]);
    expect(killLeftovers('XDG_DATA_HOME', value)).toEqual([ours.pid]);
    await waitUntilDead(ours.pid!);
    expect(isAlive(other.pid!)).toBe(true);
    other.kill('SIGKILL');
  });
});
