import type { Problem } from './problem';
import { nothingSuppressed, type Suppressed } from './problemCollector';

/** A file cannot be used. Carries every problem that was found in it. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';

  constructor(readonly problems: readonly Problem[], readonly suppressed: Suppressed = nothingSuppressed) {
    super(describe(problems, suppressed));
  }
}

function describe(problems: readonly Problem[], suppressed: Suppressed): string {
  const first = problems.find((problem) => problem.severity === 'error') ?? problems[0];
  if (!first) {
    return 'The file cannot be used.';
  }
  const more = problems.length - 1 + suppressed.count;
  return `${first.file}:${first.line}: ${first.message}${more > 0 ? ` (and ${more} more problems)` : ''}`;
}
