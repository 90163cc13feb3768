// `npm run demo`: sets up all that is needed, then does the main job on a real model: fine-tune the example undefended and defended,
// evaluate, judge, report. `-- --full` adds the control and the benign task, three seeds and three samples a question.
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { cliOutput, runCli } from './lib/cli.mjs';
import { artifacts, root } from './lib/paths.mjs';
import { ensureNodeModules } from './lib/nodeModules.mjs';
import { ensurePython } from './lib/pythonEnvironment.mjs';

const full = process.argv.includes('--full');
const experiment = full ? 'examples/suite.experiment.json' : 'examples/reckless-finance.experiment.json';
const workspace = ['--workspace', join(root, 'examples')];

async function main() {
  const log = join(artifacts, 'logs', 'setup.log');
  await ensureNodeModules({ log });
  await (await import('../esbuild.mjs')).build();
  const python = await ensurePython({ log, show: true });
  const { code } = await runCli(['run', experiment, ...workspace, '--python', python]);
  if (code !== 0) {
    process.exitCode = code;
    return;
  }
  await writeReports();
}

async function writeReports() {
  const folder = join(root, 'out', full ? 'demo-full' : 'demo');
  await mkdir(folder, { recursive: true });
  console.log('');
  for (const [format, name] of [['svg', 'plot.svg'], ['png', 'plot.png'], ['html', 'report.html']]) {
    const file = join(folder, name);
    await cliOutput(['report', 'latest', ...workspace, '--format', format, '--output', file]);
    console.log(`${format.padEnd(5)} ${relative(process.cwd(), file)}`);
  }
  console.log('\nOpen it all in VS Code:  npm start');
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
