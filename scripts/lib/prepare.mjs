import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { runNpm } from './npm.mjs';
import { root } from './paths.mjs';
import { runOrThrow } from './runCommand.mjs';

const stamp = join(root, 'node_modules', '.plumbline-lock');

/** npm packages as the lock file has them; nothing to do, and no network needed, where that has been done. */
export async function ensurePackages() {
  const lock = createHash('sha256').update(await readFile(join(root, 'package-lock.json'))).digest('hex');
  if (existsSync(stamp) && await readFile(stamp, 'utf8') === lock) return;
  console.error('Installing npm packages (about 500 MB on disk) ...');
  await runNpm(['ci', '--no-audit', '--no-fund'], { cwd: root, show: true });
  await writeFile(stamp, lock);
}

export async function ensureBuild() {
  await runOrThrow(process.execPath, ['esbuild.mjs'], { cwd: root });
}

/** The Python environment that demo, tests, command line and extension share. Returns its interpreter. */
export async function ensurePython() {
  if (process.env.PLUMBLINE_PYTHON) return process.env.PLUMBLINE_PYTHON;
  const { stdout } = await runOrThrow(process.execPath, [join(root, 'dist', 'cli.js'), 'environment', 'install', '--json'], { cwd: root, show: false, log: join(root, 'artifacts', 'logs', 'environment.log') });
  return JSON.parse(stdout.trim().split('\n').at(-1)).python;
}

export async function isFile(path) {
  return stat(path).then((s) => s.isFile(), () => false);
}
