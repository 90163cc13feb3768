import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { cacheFolder } from './paths.mjs';
import { runOrThrow } from './runCommand.mjs';

const VERSION = '8.4.2';

/** pytest in a folder of its own: the environment that people train in stays as its lock file says. Returns what PYTHONPATH needs. */
export async function ensurePytest(python, { log, say = console.log } = {}) {
  const { stdout } = await runOrThrow(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { log });
  const target = cacheFolder(`pytest-${VERSION}-python${stdout.trim()}`);
  if (existsSync(target)) return target;
  say(`pytest ${VERSION}: installing into ${target} ...`);
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(cacheFolder('pytest-installing-'));
  try {
    await runOrThrow(python, ['-m', 'pip', 'install', '--quiet', '--target', folder, `pytest==${VERSION}`], { log, timeoutMs: 5 * 60_000 });
    await rename(folder, target).catch((error) => { if (!existsSync(target)) throw error; });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return target;
}
