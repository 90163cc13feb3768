import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Which boot of the machine this is; empty where start times already tell boots apart. */
export async function bootId(): Promise<string> {
  return process.platform === 'linux' ? (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim() : '';
}

/** When a process started, in the system's own words: tells a process from a later one with the same pid. `null`: no such process. */
export async function processStartTime(pid: number): Promise<string | null> {
  try {
    if (process.platform === 'linux') return await linuxStartTime(pid);
    if (process.platform === 'win32') return await windowsStartTime(pid);
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)]);
    return stdout.trim() || null;
  } catch {
    return null;
  }
}

/** Field 22 of /proc/<pid>/stat; the command name before it may hold spaces and parentheses. A zombie counts as gone. */
async function linuxStartTime(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : fields[19] ?? null;
}

async function windowsStartTime(pid: number): Promise<string | null> {
  const { stdout } = await run('powershell', ['-NoProfile', '-Command', `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`]);
  return stdout.trim() || null;
}

/** Signals a process and all that it started. Says whether there was anything to signal. */
export function signalProcessGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
    return true;
  } catch {
    return false;
  }
}
