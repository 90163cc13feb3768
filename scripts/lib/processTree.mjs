import { spawnSync } from 'node:child_process';

const live = new Set();

/** Remembers a child that leads its own process group, so that nothing is left behind when this script ends, however it ends. */
export function trackProcess(child) {
  if (live.size === 0) installExitHandlers();
  live.add(child);
  const untrack = () => live.delete(child);
  child.once('close', untrack);
  return untrack;
}

/** SIGTERM to the leader, then SIGKILL to whatever of its group still lives. */
export async function stopProcessTree(child, graceMs = 5000) {
  if (child.pid === undefined) return;
  const ended = child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', resolve));
  if (process.platform !== 'win32') sendSignal(child.pid, 'SIGTERM');
  else killNow(child);
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
  killNow(child);
  live.delete(child);
}

function killNow(child) {
  if (child.pid === undefined) return;
  if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore' });
  else sendSignal(-child.pid, 'SIGKILL');
}

function sendSignal(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

let installed = false;
function installExitHandlers() {
  if (installed) return;
  installed = true;
  process.on('exit', () => { for (const child of live) killNow(child); });
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
    // A script with its own handler ends in its own way; the exit handler above still runs.
    process.on(signal, () => { if (process.listenerCount(signal) === 1) process.exit(code); });
  }
}
