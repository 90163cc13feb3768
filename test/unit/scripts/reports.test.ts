import { describe, expect, it } from 'vitest';
import { readJunitReport } from '../../../scripts/lib/junitReport.mjs';
import { readVitestReport } from '../../../scripts/lib/vitestReport.mjs';

describe('reports of the test layers', () => {
  it('counts what pytest wrote', () => {
    const report = readJunitReport(`<?xml version="1.0"?><testsuites><testsuite tests="4">
      <testcase classname="tests.test_kl" name="test_value" time="0.1" />
      <testcase classname="tests.test_kl" name="test_gpu"><skipped message="no GPU">x</skipped></testcase>
      <testcase classname="tests.test_kl" name="test_bad"><failure message="short">assert 1 &lt; 0&#10;line 2</failure></testcase>
      <testcase classname="tests.test_kl" name="test_setup"><error message="fixture &quot;x&quot; not found" /></testcase>
    </testsuite></testsuites>`);
    expect(report).toEqual({
      passed: 1, failed: 2, skipped: 1, failures: [
        { title: 'tests.test_kl.test_bad', message: 'assert 1 < 0\nline 2' },
        { title: 'tests.test_kl.test_setup', message: 'fixture "x" not found' },
      ],
    });
  });

  it('counts what vitest wrote, a file that does not load included', () => {
    const report = readVitestReport(JSON.stringify({
      testResults: [
        { name: 'a.test.ts', status: 'failed', message: '', assertionResults: [
          { status: 'passed', fullName: 'a one', failureMessages: [] },
          { status: 'failed', fullName: 'a two', failureMessages: ['expected 1 to be 2'] },
          { status: 'pending', fullName: 'a three', failureMessages: [] },
        ] },
        { name: 'b.test.ts', status: 'failed', message: 'Cannot find module', assertionResults: [] },
      ],
    }));
    expect(report).toMatchObject({ passed: 1, failed: 2, skipped: 1 });
    expect(report.failures).toContainEqual({ title: 'b.test.ts', message: 'Cannot find module' });
  });
});
