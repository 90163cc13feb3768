import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { stageExtension, targets } from './stageExtension.mjs';

export const thisTarget = `${process.platform}-${process.arch}`;

export function vsixPath(target = thisTarget) {
  return join(root, 'out', `plumbline-${target}.vsix`);
}

/** Builds, stages and packages the extension for one platform. Returns {path, bytes}. */
export async function packageVsix({ target = thisTarget, production = true } = {}) {
  if (!targets.includes(target)) throw new Error(`No package for ${target}: the local judge's runtime exists for ${targets.join(', ')}.`);
  const { createVSIX } = await import('@vscode/vsce');
  const stage = await mkdtemp(join(tmpdir(), 'plumbline-stage-'));
  try {
    await stageExtension(stage, { target, production });
    const made = join(stage, 'made.vsix');
    await createVSIX({
      cwd: stage, packagePath: made, target, dependencies: false, allowMissingRepository: true,
      // Links of the README stay as they are: there is no repository address to put before them.
      rewriteRelativeLinks: false,
      skipLicense: !production || !existsSync(join(root, 'LICENSE')),
    });
    const path = vsixPath(target);
    await mkdir(join(root, 'out'), { recursive: true });
    // Through a name of its own: whoever installs the package at this moment never sees half of it.
    const partial = `${path}.${process.pid}`;
    await copyFile(made, partial);
    await rename(partial, path);
    return { path, bytes: (await stat(path)).size };
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}
