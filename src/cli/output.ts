import type { Problem } from '../core/datasets/problem';
import { DatasetError } from '../core/datasets/datasetError';
import { ModelError } from '../core/environment/model';
import { CliError } from './context';

/** One machine-readable result on stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Progress and remarks: never on stdout, which belongs to results. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function problemText({ file, line, column, severity, code, message }: Problem): string {
  return `${file}:${line}${column === undefined ? '' : `:${column}`}: ${severity}: ${message} [${code}]`;
}

const SHOWN_PROBLEMS = 50;

/** The first problems of a list, on stderr. */
export function printProblems(problems: readonly Problem[]): void {
  for (const problem of problems.slice(0, SHOWN_PROBLEMS)) note(problemText(problem));
  if (problems.length > SHOWN_PROBLEMS) note(`... and ${problems.length - SHOWN_PROBLEMS} more`);
}

/** Errors go to stderr, each with what to do about it. */
export function printError(error: unknown): void {
  if (error instanceof DatasetError) {
    printProblems(error.problems);
    note('Nothing was started. Correct these, or leave bad rows out with --skip-bad-rows and too long ones with --exclude-long-rows.');
    return;
  }
  if (error instanceof CliError) note(`error: ${error.message} ${error.hint}`.trim());
  else if (error instanceof ModelError) note(`error: ${error.message}`);
  else note(`error: ${(error as Error)?.message ?? String(error)}`);
  if (process.env['PLUMBLINE_DEBUG'] && error instanceof Error) note(error.stack ?? '');
}
