import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** Bundles a TypeScript module and imports it: scripts use the product's own code without a build step. */
export async function importTypeScript(entry) {
  const folder = await mkdtemp(join(process.cwd(), 'node_modules', '.plumbline-'));
  try {
    const outfile = join(folder, 'module.mjs');
    await build({
      entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20', mainFields: ['module', 'main'],
      alias: { 'vega-canvas': './node_modules/vega-canvas/build/vega-canvas.browser.js' },
      external: ['onnxruntime-node', '@resvg/resvg-js'], logLevel: 'error',
      banner: { js: "import { createRequire as createBundleRequire } from 'node:module'; const require = createBundleRequire(import.meta.url);" },
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
