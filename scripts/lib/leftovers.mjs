import { readFileSync, readdirSync } from 'node:fs';

/** Ends every process whose environment has exactly this value, and returns their ids (Linux; elsewhere nothing is known about other processes). */
export function killLeftovers(name, value) {
  if (process.platform !== 'linux') return [];
  const killed = [];
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).map(Number)) {
    if (pid === process.pid || !environmentOf(pid).includes(`${name}=${value}`)) continue;
    try {
      process.kill(pid, 'SIGKILL');
      killed.push(pid);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
  return killed;
}

function environmentOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
