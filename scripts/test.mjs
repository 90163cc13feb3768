// Sets up what the tests need and runs every layer. `--only unit,webview` selects; `--allow-missing` forgives a layer that cannot run here, except in CI.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureNodeModules } from './lib/nodeModules.mjs';
import { artifacts } from './lib/paths.mjs';
import { emptyReport, failedReport, printFailures, summaryLine, writeReport } from './lib/report.mjs';
import { layers } from './lib/testLayers.mjs';
import { setUp } from './lib/testSetup.mjs';

const { values } = parseArgs({ options: { only: { type: 'string' }, 'allow-missing': { type: 'boolean' } } });
const inCI = Boolean(process.env.CI);
const forgiving = Boolean(values['allow-missing']) && !inCI;

const names = values.only?.split(',').map((name) => name.trim());
const unknown = names?.filter((name) => !layers.some((layer) => layer.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`No such layer: ${unknown.join(', ')}. There are ${layers.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
const chosen = names ? layers.filter(({ name }) => names.includes(name)) : layers;

function cannotRun(name, why) {
  console.error(`${name}: CANNOT RUN HERE: ${why}`);
  return forgiving ? { ...emptyReport(), skipped: 1 } : failedReport(name, `cannot run here: ${why}`);
}

async function runOne(layer, { brought, missing }) {
  const lacking = layer.needs.find((need) => missing[need]);
  if (lacking) return cannotRun(layer.name, `${lacking} is missing: ${missing[lacking]}`);
  // Extension hosts train with the environment that the tests found, and look for no other.
  const env = brought.python ? { PLUMBLINE_PYTHON: brought.python } : {};
  const report = await layer.run({ ...brought, env }).catch((error) => failedReport(layer.name, error.stack));
  if (report) return report;
  if (inCI) return failedReport(layer.name, 'its script is not there');
  console.error(`${layer.name}: its script is not there yet`);
  return { ...emptyReport(), skipped: 1 };
}

const started = Date.now();
for (const folder of ['logs', 'reports', ...chosen.map(({ name }) => name)]) await rm(join(artifacts, folder), { recursive: true, force: true });
await ensureNodeModules({ log: join(artifacts, 'logs', 'setup.log') });
const setup = await setUp(chosen);

const total = emptyReport();
for (const layer of chosen) {
  const layerStarted = Date.now();
  const report = await runOne(layer, setup);
  console.log(`${layer.name.padEnd(14)} ${summaryLine(report)} (${((Date.now() - layerStarted) / 1000).toFixed(0)} s)`);
  printFailures(report);
  for (const key of ['passed', 'failed', 'skipped']) total[key] += report[key];
  total.failures.push(...report.failures);
}
await writeReport(join(artifacts, 'reports', 'all.json'), total);
console.log(`\n${Math.round((Date.now() - started) / 60_000)} minutes; logs and pictures are in artifacts/`);
console.log(summaryLine(total));
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
