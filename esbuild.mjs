// Builds everything the product needs at run time into dist/. `--watch` rebuilds, `--production` minifies and allows no gaps.
import { readdir } from 'node:fs/promises';
import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import esbuild from 'esbuild';
import { root } from './scripts/lib/paths.mjs';
import { syncFolder } from './scripts/lib/syncFolder.mjs';

const native = ['onnxruntime-node', '@resvg/resvg-js'];

/** Vega's Node build looks for the native package `canvas`, with a top-level await; we draw SVG and need none. */
const nodeAliases = { 'vega-canvas': './node_modules/vega-canvas/build/vega-canvas.browser.js' };

const nodeEntries = [
  { entry: 'src/extension.ts', name: 'extension', external: ['vscode', ...native] },
  { entry: 'src/cli/main.ts', name: 'cli', external: native, banner: '#!/usr/bin/env node' },
  { entry: 'src/runner/main.ts', name: 'runner', external: native },
  { entry: 'src/core/evaluation/judges/local/localJudgeWorker.ts', name: 'localJudgeWorker', external: native },
];

/** Files that the product reads at run time and that no bundler sees. */
const runtimeFiles = [
  { from: 'judge/model', to: 'judge' },
  { from: 'trainer', to: 'trainer', keep: (path) => /^(plumbline_trainer(\/|$)|requirements.*\.(lock|txt)$|pyproject\.toml$)/.test(path) && !/__pycache__|\.pyc$/.test(path) },
];

/** Every folder of webview/ that holds a main.ts is a page: webview/plot/main.ts becomes webview/plot.js and, where it imports CSS, plot.css. */
async function webviewEntries() {
  const folders = await readdir(join(root, 'webview'), { withFileTypes: true }).catch(() => []);
  return Object.fromEntries(folders
    .filter((folder) => folder.isDirectory() && existsSync(join(root, 'webview', folder.name, 'main.ts')))
    .map((folder) => [folder.name, `webview/${folder.name}/main.ts`]));
}

async function buildOptions({ outFolder, production }) {
  const common = {
    absWorkingDir: root, bundle: true, minify: production, sourcemap: production ? false : 'linked', metafile: true,
    legalComments: 'none', logLevel: 'warning', define: { 'process.env.NODE_ENV': production ? '"production"' : '"development"' },
  };
  const options = [];
  const missing = [];
  for (const { entry, name, external, banner } of nodeEntries) {
    if (!existsSync(join(root, entry))) { missing.push(entry); continue; }
    options.push({
      ...common, entryPoints: { [name]: entry }, outdir: outFolder, platform: 'node', format: 'cjs', target: 'node20', external, alias: nodeAliases, mainFields: ['module', 'main'],
      ...(banner ? { banner: { js: banner } } : {}),
    });
  }
  const pages = await webviewEntries();
  if (Object.keys(pages).length === 0) missing.push('webview/*/main.ts');
  else {
    options.push({
      ...common, entryPoints: pages, outdir: join(outFolder, 'webview'), platform: 'browser', format: 'iife', target: 'es2022',
      loader: { '.svg': 'text', '.ttf': 'dataurl' },
    });
  }
  return { options, missing };
}

async function copyRuntimeFiles(outFolder) {
  const missing = [];
  for (const { from, to, keep } of runtimeFiles) {
    if (!existsSync(join(root, from))) { missing.push(from); continue; }
    await syncFolder(join(root, from), join(outFolder, to), keep);
  }
  return missing;
}

function reportMissing(missing, production) {
  if (missing.length === 0) return;
  if (production) throw new Error(`A production build needs every part; missing: ${missing.join(', ')}`);
  console.warn(`build: not there yet, skipped: ${missing.join(', ')}`);
}

/** One full build. Returns esbuild's metafiles: which packages went into the bundles. */
export async function build({ outFolder = join(root, 'dist'), production = false } = {}) {
  const { options, missing } = await buildOptions({ outFolder, production });
  const results = await Promise.all(options.map((option) => esbuild.build(option)));
  reportMissing([...missing, ...await copyRuntimeFiles(outFolder)], production);
  return results.map((result) => result.metafile);
}

async function watchAll(outFolder) {
  const { options, missing } = await buildOptions({ outFolder, production: false });
  const announce = { name: 'announce', setup: ({ onEnd }) => onEnd(({ errors }) => console.log(`build: ${errors.length} errors, watching`)) };
  for (const option of options) await (await esbuild.context({ ...option, plugins: [announce] })).watch();
  reportMissing([...missing, ...await copyRuntimeFiles(outFolder)], false);
  let copying = Promise.resolve();
  for (const { from } of runtimeFiles.filter((files) => existsSync(join(root, files.from)))) {
    watch(join(root, from), { recursive: true }, () => { copying = copying.then(() => copyRuntimeFiles(outFolder)).catch(console.error); });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { watch: { type: 'boolean' }, production: { type: 'boolean' } } });
  try {
    if (values.watch) await watchAll(join(root, 'dist'));
    else await build({ production: values.production });
  } catch (error) {
    // esbuild has printed its own errors already.
    if (!error.errors) console.error(error.message);
    process.exitCode = 1;
  }
}
