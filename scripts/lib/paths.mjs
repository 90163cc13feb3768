import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(fileURLToPath(new URL('../..', import.meta.url)));
export const artifacts = join(root, 'artifacts');

/** Tools that are costly to install live outside the clone, in the folder that the product itself caches in, so that every clone on a machine shares them. */
export function cacheFolder(...parts) {
  return join(cacheHome(process.env), 'plumbline', ...parts);
}

function cacheHome(env) {
  if (env.XDG_CACHE_HOME) return env.XDG_CACHE_HOME;
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  if (process.platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'Cache');
  return join(homedir(), '.cache');
}
