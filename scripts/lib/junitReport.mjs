/** pytest's JUnit report as a layer's report. */
export function readJunitReport(xml) {
  const report = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const [, attributes, body = ''] of xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const problem = /<(failure|error)\b([^>]*?)(?:\/>|>([\s\S]*?)<\/\1>)/.exec(body);
    if (problem) {
      report.failed += 1;
      const title = `${attribute(attributes, 'classname')}.${attribute(attributes, 'name')}`;
      report.failures.push({ title, message: decode(problem[3] || attribute(problem[2], 'message')) });
    } else if (/<skipped\b/.test(body)) report.skipped += 1;
    else report.passed += 1;
  }
  return report;
}

function attribute(attributes, name) {
  return decode(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '');
}

const entities = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function decode(text) {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    if (hex) return String.fromCodePoint(parseInt(hex, 16));
    return entities[name] ?? whole;
  });
}
