import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What every layer of the tests comes down to. */
export function emptyReport() {
  return { passed: 0, failed: 0, skipped: 0, failures: [] };
}

export function failedReport(title, message) {
  return { passed: 0, failed: 1, skipped: 0, failures: [{ title, message }] };
}

export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
}

export function printFailures(report, print = console.error) {
  for (const { title, message } of report.failures) print(`\nFAILED ${title}\n${readable(message)}`);
}

const MAXIMUM_LINES = 60;
const colours = /\u001b\[[\d;]*m/g;

/** Without colours and without the test runner's own frames; what is cut is in the layer's log. */
function readable(text) {
  const lines = String(text).replace(colours, '').trim().split('\n').filter((line) => !/^\s+at .*node_modules/.test(line));
  const shown = lines.length > MAXIMUM_LINES ? [...lines.slice(0, MAXIMUM_LINES), `... ${lines.length - MAXIMUM_LINES} more lines`] : lines;
  return shown.map((line) => `  ${line}`).join('\n');
}

export async function writeReport(path, report) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(report, null, 2));
}
