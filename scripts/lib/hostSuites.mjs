import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import esbuild from 'esbuild';
import { root } from './paths.mjs';

/** Bundles test/host into out/host; returns the path that VS Code loads. mocha and vscode stay outside: both come from where the bundle runs. */
export async function bundleHostSuites() {
  const outdir = join(root, 'out', 'host');
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  const suites = (await readdir(join(root, 'test/host/suite'))).filter((name) => name.endsWith('.test.ts'));
  if (suites.length === 0) throw new Error('test/host/suite holds no *.test.ts.');
  await esbuild.build({
    absWorkingDir: root, outdir, outbase: 'test/host', bundle: true, platform: 'node', format: 'cjs', target: 'node20', sourcemap: 'inline',
    entryPoints: ['test/host/run.ts', ...suites.map((name) => `test/host/suite/${name}`)],
    external: ['vscode', 'mocha', 'onnxruntime-node', '@resvg/resvg-js'], logLevel: 'warning',
  });
  return join(outdir, 'run.js');
}
