// `npm run evidence -- --minutes M`: measures what docs/evaluation.md shows, as far as M minutes reach, and writes the page anew.
// `--only NAME` one experiment of the list; `--page` writes the page only.
import { parseArgs } from 'node:util';
import { ensureBuild, ensurePackages, ensurePython } from './lib/prepare.mjs';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' }, only: { type: 'string' }, page: { type: 'boolean', default: false } } });

await ensurePackages();
const { importTypeScript } = await import('./lib/importTypeScript.mjs');
if (!values.page) {
  await ensureBuild();
  const python = await ensurePython();
  const { measureEvidence } = await importTypeScript('scripts/evidence/measure.ts');
  await measureEvidence({ minutes: Number(values.minutes), only: values.only, python });
}
const { writeEvaluationPage } = await importTypeScript('scripts/evidence/evaluationPage.ts');
console.log(await writeEvaluationPage());
