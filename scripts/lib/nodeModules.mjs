import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNpm } from './npm.mjs';
import { root } from './paths.mjs';

/** Installs the project's npm packages where they are missing or of another lock file. Needs nothing but Node itself. */
export async function ensureNodeModules({ log, say = console.log } = {}) {
  if (existsSync(join(root, 'node_modules')) && installedMatchesLock()) return;
  say('npm packages: installing (npm ci) ...');
  await runNpm(['ci', '--no-audit', '--no-fund'], { cwd: root, log, timeoutMs: 15 * 60_000 });
}

/** npm leaves a copy of the lock file in node_modules: the same packages at the same versions, less those of other platforms. */
function installedMatchesLock() {
  try {
    const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
    const present = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')).packages;
    return Object.entries(wanted).every(([path, { version, optional }]) => path === '' || optional || present[path]?.version === version);
  } catch {
    return false;
  }
}
