// Runs inside the extension host: loads every bundled suite, runs it with mocha and writes a report that does not depend on the console.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';

const TEST_TIMEOUT_MS = 60_000;

interface Report { passed: number; failed: number; skipped: number; failures: { title: string; message: string }[] }

export function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: TEST_TIMEOUT_MS, reporter: Mocha.reporters.Base });
  process.setSourceMapsEnabled(true);
  const suites = join(__dirname, 'suite');
  for (const file of readdirSync(suites).filter((name) => name.endsWith('.test.js')).sort()) mocha.addFile(join(suites, file));

  const report: Report = { passed: 0, failed: 0, skipped: 0, failures: [] };
  return new Promise((resolve, reject) => {
    mocha.run((failures) => {
      const path = process.env['PLUMBLINE_HOST_REPORT'];
      if (path) writeFileSync(path, JSON.stringify(report, null, 2));
      if (failures > 0) reject(new Error(`${failures} failed`));
      else resolve();
    })
      .on('pass', () => { report.passed += 1; })
      .on('pending', () => { report.skipped += 1; })
      .on('fail', (test, error: Error) => {
        report.failed += 1;
        report.failures.push({ title: test.fullTitle(), message: error.stack ?? String(error) });
      });
  });
}
