import { readFile, readdir } from 'node:fs/promises';

/** Ends every process of this user whose environment has exactly this value (Linux; elsewhere nothing is known about other processes). */
export async function killLeftovers(name, value) {
  if (process.platform !== 'linux') return [];
  const killed = [];
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number)) {
    if (pid === process.pid) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!environment.split('\0').includes(`${name}=${value}`)) continue;
    try {
      process.kill(pid, 'SIGKILL');
      killed.push(pid);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
  return killed;
}
