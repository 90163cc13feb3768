// Runs test/host/suite in a real extension host: code-server by default, desktop VS Code with PLUMBLINE_VSCODE=<executable> or --desktop (downloads one).
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../esbuild.mjs';
import { runHostInCodeServer } from './lib/hostInCodeServer.mjs';
import { runHostInDesktop } from './lib/hostInDesktop.mjs';
import { bundleHostSuites } from './lib/hostSuites.mjs';
import { artifacts, root } from './lib/paths.mjs';
import { failedReport, printFailures, summaryLine, writeReport } from './lib/report.mjs';
import { copyWorkspace } from './lib/workspaceCopy.mjs';

const TIMEOUT_MS = 8 * 60_000;

const { values } = parseArgs({ options: { desktop: { type: 'boolean' }, workspace: { type: 'string' } } });
const reportPath = join(artifacts, 'reports', 'host.json');
const executable = process.env.PLUMBLINE_VSCODE;

async function runSuites() {
  await build();
  const tests = await bundleHostSuites();
  const workspace = await copyWorkspace(values.workspace);
  await mkdir(join(artifacts, 'logs'), { recursive: true });
  try {
    const options = { extension: root, tests, workspace: workspace.folder, timeoutMs: TIMEOUT_MS, env: { PLUMBLINE_HOST_REPORT: reportPath } };
    const result = executable || values.desktop
      ? await runHostInDesktop({ executable, ...options })
      : await runHostInCodeServer(options);
    await writeFile(join(artifacts, 'logs', 'host-console.log'), result.console);
    return result;
  } finally {
    await workspace.remove();
  }
}

await mkdir(join(artifacts, 'reports'), { recursive: true });
await rm(reportPath, { force: true });
let report;
try {
  const { exitCode, console: text } = await runSuites();
  const written = await readFile(reportPath, 'utf8').catch(() => undefined);
  report = written ? JSON.parse(written) : failedReport('extension host', `It wrote no report (exit code ${exitCode}).\n${text.slice(-3000)}`);
  if (written && exitCode !== 0 && report.failed === 0) {
    report.failed += 1;
    report.failures.push({ title: 'extension host', message: `Every test passed, but it ended with ${exitCode}.` });
  }
} catch (error) {
  report = failedReport('extension host', error.stack);
}
await writeReport(reportPath, report);
printFailures(report);
console.log(summaryLine(report));
process.exitCode = report.failed > 0 || report.passed === 0 ? 1 : 0;
