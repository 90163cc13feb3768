import type { Problem } from '../datasets/problem';
import { nothingSuppressed, ProblemCollector, sumSuppressed, type Suppressed } from '../datasets/problemCollector';

/** What was found in a file, or in several together. */
export interface Findings {
  /** The first problems of each file; `suppressed` counts those beyond. */
  readonly problems: readonly Problem[];
  readonly suppressed: Suppressed;
  readonly errors: number;
  readonly warnings: number;
}

/** Problems with their counts. */
export function findingsOf(problems: readonly Problem[]): Findings {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return { problems, suppressed: nothingSuppressed, errors, warnings: problems.length - errors };
}

/** Any number of problems of one file with their counts: the first are kept, the others counted. */
export function collectFindings(found: readonly Problem[]): Findings {
  const collector = new ProblemCollector();
  collector.addAll(found);
  const { problems, suppressed, errors, warnings } = collector;
  return { problems, suppressed, errors, warnings };
}

/** The findings of several files as one. */
export function joinFindings(all: readonly Findings[]): Findings {
  return {
    problems: all.flatMap(({ problems }) => problems),
    suppressed: sumSuppressed(all.map(({ suppressed }) => suppressed)),
    errors: all.reduce((total, { errors }) => total + errors, 0),
    warnings: all.reduce((total, { warnings }) => total + warnings, 0),
  };
}
