import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The judge's own TypeScript, bundled as the product bundles it: what is measured is what ships. */
export async function importSources(entries) {
  // Inside node_modules, so that the bundle finds onnxruntime-node.
  const outdir = join(root, 'node_modules', '.cache', 'plumbline-judge');
  await mkdir(outdir, { recursive: true });
  await build({
    absWorkingDir: root, entryPoints: entries, outdir, bundle: true, platform: 'node', format: 'cjs', target: 'node20',
    external: ['onnxruntime-node'], outExtension: { '.js': '.cjs' }, outbase: 'src', logLevel: 'warning',
  });
  const require = createRequire(import.meta.url);
  return entries.map((entry) => require(join(outdir, entry.replace(/^src\//, '').replace(/\.ts$/, '.cjs'))));
}
