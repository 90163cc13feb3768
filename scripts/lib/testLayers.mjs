import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { readJunitReport } from './junitReport.mjs';
import { killLeftovers } from './leftovers.mjs';
import { artifacts, root } from './paths.mjs';
import { failedReport } from './report.mjs';
import { runCommand } from './runCommand.mjs';
import { readVitestReport } from './vitestReport.mjs';

const MINUTE = 60_000;
const logOf = (name) => join(artifacts, 'logs', `${name}.log`);
const reportOf = (name, ending = 'json') => join(artifacts, 'reports', `${name}.${ending}`);

// Marks everything that a layer starts: browsers and servers lead process groups of their own, and outlive a layer that is stopped.
const MARK = 'PLUMBLINE_TEST_RUN';
const mark = `${process.pid}-${Date.now()}`;
process.on('exit', () => killLeftovers(MARK, mark));

/** Runs a layer's command and reads the report that it leaves. An exit code that the report does not explain is a failure of its own. */
async function runLayer({ name, command, args, env, minutes, report, parse }) {
  await rm(report, { force: true });
  const result = await runCommand(command, args, { cwd: root, env: { ...env, [MARK]: mark }, log: logOf(name), timeoutMs: minutes * MINUTE });
  killLeftovers(MARK, mark);
  const text = await readFile(report, 'utf8').catch(() => undefined);
  const why = result.timedOut ? `It ran longer than ${minutes} minutes and was stopped.` : `It ended with exit code ${result.code}.`;
  if (text === undefined) return failedReport(name, `${why} It left no report.\n${result.tail}`);
  const counts = parse(text);
  if (result.code !== 0 && counts.failed === 0) {
    counts.failed += 1;
    counts.failures.push({ title: name, message: `${why}\n${result.tail}` });
  }
  if (counts.passed + counts.failed + counts.skipped === 0) return failedReport(name, `It ran no test.\n${result.tail}`);
  return counts;
}

function vitestLayer(name, config, minutes) {
  return ({ env }) => {
    const report = reportOf(name);
    const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', config, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    return runLayer({ name, command: process.execPath, args, env: { ...env, NO_COLOR: '1' }, minutes, report, parse: readVitestReport });
  };
}

function scriptLayer(name, script, minutes) {
  return async ({ env }) => {
    if (!existsSync(join(root, script))) return undefined;
    return runLayer({ name, command: process.execPath, args: [script], env, minutes, report: reportOf(name), parse: JSON.parse });
  };
}

async function typecheck() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const result = await runCommand(process.execPath, [tsc, '-p', '.'], { cwd: root, log: logOf('typecheck'), timeoutMs: 5 * MINUTE });
  return result.code === 0 ? { passed: 1, failed: 0, skipped: 0, failures: [] } : failedReport('tsc', result.stdout || result.tail);
}

function trainer({ env, python, pytest }) {
  const report = reportOf('trainer', 'xml');
  const args = ['-m', 'pytest', 'trainer/tests', '-q', '-p', 'no:cacheprovider', `--junitxml=${report}`];
  const path = [pytest, join(root, 'trainer'), process.env.PYTHONPATH].filter(Boolean).join(delimiter);
  return runLayer({ name: 'trainer', command: python, args, env: { ...env, PYTHONPATH: path }, minutes: 20, report, parse: readJunitReport });
}

/**
 * The layers in the order in which they run, cheap ones first. `needs` names what the set-up must have brought.
 * `run` resolves with a report, or with undefined where the layer's own script is not there.
 */
export const layers = [
  { name: 'typecheck', needs: [], run: typecheck },
  { name: 'unit', needs: ['build'], run: vitestLayer('unit', 'vitest.config.mts', 10) },
  { name: 'trainer', needs: ['python', 'pytest'], run: trainer },
  { name: 'webview', needs: ['build', 'chromium'], run: vitestLayer('webview', 'vitest.webview.config.mts', 8) },
  { name: 'package', needs: ['build'], run: scriptLayer('package', 'scripts/test-package.mjs', 5) },
  { name: 'host', needs: ['build', 'chromium', 'codeServer'], run: scriptLayer('host', 'scripts/test-host.mjs', 10) },
  { name: 'e2e', needs: ['build', 'chromium', 'codeServer'], run: vitestLayer('e2e', 'vitest.e2e.config.mts', 20) },
  { name: 'real-training', needs: ['build', 'python'], run: scriptLayer('real-training', 'scripts/test-real-training.mjs', 15) },
];
