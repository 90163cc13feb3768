import { join } from 'node:path';
import { root } from './paths.mjs';
import { runOrThrow } from './runCommand.mjs';

/** The shared Python environment that can train, built by the product's own command where it is missing. Returns the path of its python. */
export async function ensurePython({ log, show = false } = {}) {
  const cli = join(root, 'dist', 'cli.js');
  const { stdout } = await runOrThrow(process.execPath, [cli, 'environment', 'install', '--json'], { cwd: root, log, show, timeoutMs: 30 * 60_000 });
  const { python } = JSON.parse(stdout.trim().split('\n').at(-1));
  return python;
}
