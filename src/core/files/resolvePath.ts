import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** A path as a person writes it: relative to a folder, or `~` for the home folder. */
export function resolvePath(folder: string, path: string): string {
  return /^~([/\\]|$)/.test(path) ? join(homedir(), path.slice(1)) : resolve(folder, path);
}
