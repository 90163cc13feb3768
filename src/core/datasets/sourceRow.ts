import { errorAt, type Problem } from './problem';
import { findJsonError } from './jsonSyntax';
import { MAX_ROW_BYTES, type TextLine } from './textLines';
import { invalidUtf8 } from './fileBytes';

/** What a reader finds in a dataset file: a row's value, or why there is none. */
export interface SourceRow {
  readonly line: number;
  /** False for a problem of the file itself, which no skipping of rows makes good. */
  readonly isRow: boolean;
  readonly value: unknown;
  readonly problem: Problem | null;
}

/** A row as read. */
export function goodRow(line: number, value: unknown): SourceRow {
  return { line, isRow: true, value, problem: null };
}

/** A row that cannot be read. */
export function badRow(line: number, problem: Problem): SourceRow {
  return { line, isRow: true, value: undefined, problem };
}

/** A problem of the file as a whole. */
export function fileFault(problem: Problem): SourceRow {
  return { line: problem.line, isRow: false, value: undefined, problem };
}

/** A row that is larger than anything that can be trained on. */
export function tooLargeRow(file: string, line: number): SourceRow {
  return badRow(line, errorAt(file, line, 'row-too-large',
    `The row is larger than ${MAX_ROW_BYTES / 2 ** 20} MB. Shorten it, or check that its end is not missing.`));
}

/** The row of a line that could not be decoded. */
export function faultyRow(file: string, line: number, fault: NonNullable<TextLine['fault']>): SourceRow {
  return fault === 'too-large' ? tooLargeRow(file, line) : badRow(line, invalidUtf8(file, line));
}

/** Parses one row's JSON text that starts at the line. */
export function parseJsonRow(file: string, line: number, text: string): SourceRow {
  try {
    return goodRow(line, JSON.parse(text));
  } catch {
    const { offset, explanation } = findJsonError(text);
    const before = text.slice(0, offset);
    const lastBreak = before.lastIndexOf('\n');
    const errorLine = line + (lastBreak === -1 ? 0 : before.split('\n').length - 1);
    const column = offset - lastBreak;
    return badRow(line, errorAt(file, errorLine, 'invalid-json',
      `This is not valid JSON: ${explanation}, at column ${column}. Correct the row or remove it.`, column));
  }
}
