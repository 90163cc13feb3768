import { extname } from 'node:path';
import { CsvRecords } from './csvRecords';
import { CsvRows } from './csvRows';
import { DatasetError } from './datasetError';
import { readChunks } from './fileBytes';
import { JsonArrayScanner } from './jsonArrayScanner';
import { errorAt } from './problem';
import { faultyRow, parseJsonRow, type SourceRow } from './sourceRow';
import { LineSplitter, type TextLine } from './textLines';

/** Endings of the files that can be read as a dataset. */
export const DATASET_EXTENSIONS = ['.jsonl', '.json', '.csv'] as const;

/** Turns bytes into rows, piece by piece. */
interface RowReader {
  push(chunk: Buffer): SourceRow[];
  end(): SourceRow[];
}

/** Whether the name of the file ends as that of a dataset does. */
export function hasDatasetExtension(path: string): boolean {
  return (DATASET_EXTENSIONS as readonly string[]).includes(extname(path).toLowerCase());
}

/** The rows of a dataset file in batches, before anything is known of their format. Throws a DatasetError where it cannot be read. */
export async function* readSourceRows(
  path: string,
  options: { signal?: AbortSignal; onBytes?: (bytes: number, totalBytes: number) => void } = {},
): AsyncGenerator<SourceRow[], void, void> {
  const reader = createReader(path);
  for await (const chunk of readChunks(path, options)) {
    yield reader.push(chunk);
  }
  yield reader.end();
}

function createReader(path: string): RowReader {
  switch (extname(path).toLowerCase()) {
    case '.jsonl':
      return new JsonLinesReader(path);
    case '.json':
      return new JsonArrayScanner(path);
    case '.csv':
      return new CsvReader(path);
    default:
      throw new DatasetError([unsupportedFileType(path)]);
  }
}

/** The problem of a file that is no dataset by its name. */
export function unsupportedFileType(path: string, line = 1, file = path, column?: number) {
  const extension = extname(path);
  return errorAt(file, line, 'unsupported-file-type',
    `${extension === '' ? 'A file without an ending' : `A ${extension} file`} cannot be read as a dataset. Use .jsonl, .json or .csv.`, column);
}

class JsonLinesReader implements RowReader {
  private readonly lines = new LineSplitter();

  constructor(private readonly file: string) {}

  push(chunk: Buffer): SourceRow[] {
    return this.rows(this.lines.push(chunk));
  }

  end(): SourceRow[] {
    return this.rows(this.lines.end());
  }

  private rows(lines: TextLine[]): SourceRow[] {
    const rows: SourceRow[] = [];
    for (const { number, text, fault } of lines) {
      if (fault !== null) {
        rows.push(faultyRow(this.file, number, fault));
      } else if (text.trim() !== '') {
        rows.push(parseJsonRow(this.file, number, text));
      }
    }
    return rows;
  }
}

class CsvReader implements RowReader {
  private readonly lines = new LineSplitter();
  private readonly records = new CsvRecords();
  private readonly rows: CsvRows;

  constructor(file: string) {
    this.rows = new CsvRows(file);
  }

  push(chunk: Buffer): SourceRow[] {
    return this.readLines(this.lines.push(chunk));
  }

  end(): SourceRow[] {
    const found = this.readLines(this.lines.end());
    const last = this.records.end();
    const row = last && !this.rows.givenUp ? this.rows.row(last) : null;
    return row ? [...found, row] : found;
  }

  private readLines(lines: TextLine[]): SourceRow[] {
    const found: SourceRow[] = [];
    for (const line of lines) {
      const record = this.rows.givenUp ? null : this.records.push(line);
      const row = record && this.rows.row(record);
      if (row) {
        found.push(row);
      }
    }
    return found;
  }
}

