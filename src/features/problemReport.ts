import type { Problem } from '../core/datasets/problem';
import type { FileFinding, Findings } from '../vscode/diagnostics';

/** Puts problems into the Problems panel, file by file, in place of what was there. */
export function reportProblems(findings: Findings, problems: readonly Problem[]): void {
  findings.clear();
  for (const [file, own] of byFile(problems)) findings.setForFile(file, own.map(toFinding));
}

export function toFinding({ line, column, severity, code, message }: Problem): FileFinding {
  return { line, column, severity, code, message };
}

export function byFile(problems: readonly Problem[]): Map<string, Problem[]> {
  const files = new Map<string, Problem[]>();
  for (const problem of problems) files.set(problem.file, [...files.get(problem.file) ?? [], problem]);
  return files;
}

/** "12 problems in data.jsonl" */
export function countProblems(problems: readonly Problem[], shown: (file: string) => string): string {
  const files = [...byFile(problems).keys()].map(shown);
  const where = files.length === 1 ? files[0] : `${files.length} files`;
  return `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'} in ${where}`;
}
