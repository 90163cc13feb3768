// `npm run evidence -- --minutes M`: measures what docs/evaluation.md shows, as far as M minutes reach, and writes the page anew.
// `--only NAME` one experiment of the list; `--run TEXT` only runs whose id holds it; `--page` writes the page only;
// `--rejudge` scores recorded answers again with the local judge as it is now.
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { ensureNodeModules } from './lib/nodeModules.mjs';
import { artifacts } from './lib/paths.mjs';
import { ensurePython } from './lib/pythonEnvironment.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' }, only: { type: 'string' }, run: { type: 'string' }, page: { type: 'boolean', default: false }, rejudge: { type: 'boolean', default: false } } });

const log = join(artifacts, 'logs', 'setup.log');
await ensureNodeModules({ log });
const { importTypeScript } = await import('./lib/importTypeScript.mjs');
if (values.rejudge) {
  const { rejudgeEvidence } = await importTypeScript('scripts/evidence/rejudge.ts');
  await rejudgeEvidence();
} else if (!values.page) {
  await (await import('../esbuild.mjs')).build();
  const python = await ensurePython({ log, show: true });
  const { measureEvidence } = await importTypeScript('scripts/evidence/measure.ts');
  await measureEvidence({ minutes: Number(values.minutes), only: values.only, run: values.run, python });
}
const { writeEvaluationPage } = await importTypeScript('scripts/evidence/evaluationPage.ts');
console.log(await writeEvaluationPage());
