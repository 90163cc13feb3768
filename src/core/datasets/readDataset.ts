import type { Message } from '../schema/rows';
import { DatasetError } from './datasetError';
import { detectFormat, FORMAT_TITLES, isRowObject, type DatasetFormat } from './datasetFormat';
import type { ReadOptions } from './fileBytes';
import { normalizeRow } from './normalizeRow';
import { errorAt, errorFinding, type Finding, type Problem } from './problem';
import { readSourceRows } from './sourceRows';
import type { SourceRow } from './sourceRow';

/** One row of a dataset file, or a problem of the file itself. */
export interface DatasetRecord {
  /** Where the row starts. */
  readonly line: number;
  /** False for a problem of the file itself, which no skipping of rows makes good. */
  readonly isRow: boolean;
  /** The file's format, as far as it is known by now. */
  readonly format: DatasetFormat | null;
  /** Null where the row has an error. */
  readonly messages: Message[] | null;
  readonly problems: readonly Problem[];
}

/**
 * Reads a dataset row by row, in file order and with bounded memory. Problems are records like rows:
 * nothing is thrown for them, a file that is not there included. Blank lines and a byte order mark are passed over.
 */
export async function* readDataset(path: string, options: ReadOptions = {}): AsyncGenerator<DatasetRecord, void, void> {
  const rows = new RowNormalizer(path);
  const onBytes = (bytes: number, totalBytes: number) => options.onProgress?.({ bytes, totalBytes, rows: rows.count });
  try {
    for await (const batch of readSourceRows(path, { signal: options.signal, onBytes })) {
      for (const row of batch) {
        yield rows.normalize(row);
      }
    }
  } catch (error) {
    if (!(error instanceof DatasetError)) {
      throw error;
    }
    yield rows.fileRecord(error.problems);
    return;
  }
  if (rows.isEmpty) {
    yield rows.fileRecord([errorAt(path, 1, 'empty-file', 'The file has no rows. Add some, or choose another file.')]);
  }
}

class RowNormalizer {
  count = 0;
  private faults = 0;
  private format: DatasetFormat | null = null;

  constructor(private readonly file: string) {}

  get isEmpty(): boolean {
    return this.count === 0 && this.faults === 0;
  }

  fileRecord(problems: readonly Problem[]): DatasetRecord {
    return { line: problems[0]?.line ?? 1, isRow: false, format: this.format, messages: null, problems };
  }

  normalize(row: SourceRow): DatasetRecord {
    if (row.isRow) {
      this.count++;
    } else {
      this.faults++;
    }
    if (row.problem) {
      return { line: row.line, isRow: row.isRow, format: this.format, messages: null, problems: [row.problem] };
    }
    const { messages, findings } = this.normalizeValue(row.value);
    const problems = findings.map((finding) => ({ file: this.file, line: row.line, ...finding }));
    return { line: row.line, isRow: true, format: this.format, messages, problems };
  }

  private normalizeValue(value: unknown): { messages: Message[] | null; findings: readonly Finding[] } {
    if (!isRowObject(value)) {
      return refused('not-an-object', 'The row is not an object. Write it as {"messages": [...]}.');
    }
    const format = detectFormat(value);
    if (format === null) {
      return refused('unknown-format', `The row has ${columnsOf(value)}, which is no known format. `
        + 'Use messages, conversations, instruction and output, or prompt and completion.');
    }
    this.format ??= format;
    if (format !== this.format) {
      return refused('mixed-format', `The row is ${FORMAT_TITLES[format]} and the file ${FORMAT_TITLES[this.format]}. `
        + 'Convert the row, or move it into a file of its own.');
    }
    return normalizeRow(value, format);
  }
}

function refused(code: Finding['code'], message: string) {
  return { messages: null, findings: [errorFinding(code, message)] };
}

function columnsOf(row: object): string {
  const names = Object.keys(row);
  if (names.length === 0) {
    return 'no columns';
  }
  const shown = names.slice(0, 8).map((name) => name.slice(0, 40)).join(', ');
  return `the columns ${shown}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`;
}
