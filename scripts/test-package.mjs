// Packages the extension as it is published and checks what is in it, what is not, how large it is, and that its command line runs from there.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageVsix, thisTarget } from './lib/packageVsix.mjs';
import { artifacts } from './lib/paths.mjs';
import { emptyReport, failedReport, printFailures, summaryLine, writeReport } from './lib/report.mjs';
import { runOrThrow } from './lib/runCommand.mjs';
import { extractZip, readZip } from './lib/zip.mjs';

const MAXIMUM_MEGABYTES = 50;

const allowed = [
  /^\[Content_Types\]\.xml$/, /^extension\.vsixmanifest$/,
  /^extension\/(package(\.nls)?\.json|readme\.md|changelog\.md|LICENSE\.txt)$/i,
  /^extension\/media\/[\w./-]+\.(svg|png|css|md)$/,
  /^extension\/examples\/[\w./-]+\.(jsonl|json|csv|md)$/,
  /^extension\/schemas\/[\w-]+\.schema\.json$/,
  /^extension\/dist\/(extension|cli|runner|localJudgeWorker)\.js$/,
  /^extension\/dist\/THIRD-PARTY-NOTICES\.txt$/,
  /^extension\/dist\/webview\/[\w-]+\.(js|css)$/,
  /^extension\/dist\/judge\/[\w.-]+$/,
  /^extension\/dist\/trainer\/requirements[\w.-]*\.(lock|txt)$/,
  /^extension\/dist\/trainer\/pyproject\.toml$/,
  /^extension\/dist\/trainer\/plumbline_trainer\/(?!tests?\/)[\w./-]+\.(py|json|jinja|txt|jsonl)$/,
  /^extension\/dist\/node_modules\/onnxruntime-common\/(package\.json|dist\/cjs\/[\w./-]+)$/,
  new RegExp(`^extension/dist/node_modules/onnxruntime-node/(package\\.json|dist/[\\w./-]+\\.js|bin/napi-v6/${thisTarget.replace('-', '/')}/[\\w./-]+)$`),
];
const forbidden = [/\.map$/, /__pycache__/, /\.pyc$/, /\.plumbline/, /(^|\/)tests?\//, /^extension\/(src|test|scripts|node_modules)\//];
const required = [
  'package.json', 'package.nls.json', 'readme.md', 'changelog.md', 'LICENSE.txt', 'dist/extension.js', 'dist/cli.js', 'dist/runner.js', 'dist/localJudgeWorker.js',
  'dist/webview/plot.js', 'examples/general-questions.json', 'dist/trainer/plumbline_trainer/__main__.py', 'dist/trainer/requirements.lock',
  `dist/node_modules/onnxruntime-node/bin/napi-v6/${thisTarget.replace('-', '/')}/onnxruntime_binding.node`,
].map((path) => `extension/${path}`);

function expectNone(list, what) {
  if (list.length > 0) throw new Error(`${what}:\n${list.join('\n')}`);
}

/** Every file that the manifest names, wherever in it. */
function filesNamedIn(value) {
  if (typeof value === 'string') return /^\.?\/?(media|schemas|dist)\/.+/.test(value) ? [value.replace(/^\.?\//, '')] : [];
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(filesNamedIn);
  return [];
}

const checks = {
  'holds only what is meant to be in it': ({ names }) => expectNone(names.filter((name) => !allowed.some((pattern) => pattern.test(name))), 'not expected'),
  'holds nothing of sources, tests, caches or experiments': ({ names }) => expectNone(names.filter((name) => forbidden.some((pattern) => pattern.test(name))), 'must not be there'),
  'holds what the product needs': ({ names }) => expectNone(required.filter((name) => !names.includes(name)), 'missing'),
  'holds a judge': ({ names }) => expectNone(names.some((name) => /dist\/judge\/.+\.onnx$/.test(name)) ? [] : ['dist/judge/*.onnx'], 'missing'),
  'holds every file that the manifest names': async ({ folder }) => {
    const manifest = JSON.parse(await readFile(join(folder, 'extension/package.json'), 'utf8'));
    expectNone(filesNamedIn(manifest).filter((file) => !existsSync(join(folder, 'extension', file))), 'named in package.json, missing');
  },
  [`is not larger than ${MAXIMUM_MEGABYTES} MB`]: ({ bytes }) => {
    if (bytes > MAXIMUM_MEGABYTES * 1e6) throw new Error(`It has ${(bytes / 1e6).toFixed(1)} MB.`);
  },
  'has a command line that runs from where it is installed': async ({ folder }) => {
    const { stdout } = await runOrThrow(process.execPath, [join(folder, 'extension/dist/cli.js'), 'defenses', '--json'], { cwd: folder, timeoutMs: 60_000 });
    const types = stdout.trim().split('\n').map((line) => JSON.parse(line).type);
    for (const type of ['none', 'kl', 'interleave']) if (!types.includes(type)) throw new Error(`No ${type} among ${types.join(', ')}.`);
  },
};

const report = emptyReport();
const folder = await mkdtemp(join(tmpdir(), 'plumbline-vsix-'));
try {
  const { path, bytes } = await packageVsix();
  const names = (await readZip(path)).map(({ name }) => name);
  await extractZip(path, folder);
  console.log(`${path}: ${names.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
  for (const [title, check] of Object.entries(checks)) {
    try {
      await check({ names, bytes, folder });
      report.passed += 1;
    } catch (error) {
      report.failed += 1;
      report.failures.push({ title: `the package ${title}`, message: error.message });
    }
  }
} catch (error) {
  Object.assign(report, failedReport('the package can be made', error.stack));
} finally {
  await rm(folder, { recursive: true, force: true });
}
await writeReport(join(artifacts, 'reports', 'package.json'), report);
printFailures(report);
console.log(summaryLine(report));
process.exitCode = report.failed > 0 ? 1 : 0;
