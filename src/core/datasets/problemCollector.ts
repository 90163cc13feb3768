import type { Problem, ProblemCode } from './problem';

/** As many problems of one file are kept word for word; the rest is counted. */
export const MAX_PROBLEMS_PER_FILE = 1000;

/** Problems that were counted and not kept. */
export interface Suppressed {
  readonly count: number;
  readonly byCode: Partial<Record<ProblemCode, number>>;
}

export const nothingSuppressed: Suppressed = { count: 0, byCode: {} };

/** Keeps the first problems of a file and counts the others, so that memory stays bounded however bad the file is. */
export class ProblemCollector {
  readonly problems: Problem[] = [];
  errors = 0;
  warnings = 0;
  private suppressedCount = 0;
  private readonly suppressedByCode: Partial<Record<ProblemCode, number>> = {};

  constructor(private readonly limit = MAX_PROBLEMS_PER_FILE) {}

  add(problem: Problem): void {
    if (problem.severity === 'error') {
      this.errors++;
    } else {
      this.warnings++;
    }
    if (this.problems.length < this.limit) {
      this.problems.push(problem);
      return;
    }
    this.suppressedCount++;
    this.suppressedByCode[problem.code] = (this.suppressedByCode[problem.code] ?? 0) + 1;
  }

  addAll(problems: Iterable<Problem>): void {
    for (const problem of problems) {
      this.add(problem);
    }
  }

  get suppressed(): Suppressed {
    return { count: this.suppressedCount, byCode: { ...this.suppressedByCode } };
  }
}

/** The sum of what was suppressed in several files. */
export function sumSuppressed(all: Iterable<Suppressed>): Suppressed {
  let count = 0;
  const byCode: Partial<Record<ProblemCode, number>> = {};
  for (const one of all) {
    count += one.count;
    for (const [code, times] of Object.entries(one.byCode) as [ProblemCode, number][]) {
      byCode[code] = (byCode[code] ?? 0) + times;
    }
  }
  return { count, byCode };
}

/** Ordered by file (in order of first appearance) and line. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const fileOrder = new Map<string, number>();
  for (const { file } of problems) {
    if (!fileOrder.has(file)) {
      fileOrder.set(file, fileOrder.size);
    }
  }
  return [...problems].sort((a, b) =>
    fileOrder.get(a.file)! - fileOrder.get(b.file)! || a.line - b.line || (a.column ?? 0) - (b.column ?? 0));
}
