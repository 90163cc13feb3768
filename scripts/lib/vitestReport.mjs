/** Vitest's JSON report as a layer's report. A file that could not be loaded has no tests: it counts as one failure. */
export function readVitestReport(text) {
  const report = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const file of JSON.parse(text).testResults) {
    for (const test of file.assertionResults) {
      if (test.status === 'passed') report.passed += 1;
      else if (test.status === 'failed') addFailure(report, test.fullName, test.failureMessages.join('\n'));
      else report.skipped += 1;
    }
    const ownFailure = file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed');
    if (ownFailure) addFailure(report, file.name, file.message);
  }
  return report;
}

function addFailure(report, title, message) {
  report.failed += 1;
  report.failures.push({ title, message });
}
