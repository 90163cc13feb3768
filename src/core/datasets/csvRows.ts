import type { CsvRecord } from './csvRecords';
import { detectFormat } from './datasetFormat';
import { errorAt } from './problem';
import { badRow, faultyRow, fileFault, goodRow, type SourceRow } from './sourceRow';

const EXPECTED = 'Expected: prompt and completion (or response), or instruction, output and, if you like, input.';

/** Makes rows of CSV records; the first record names the columns. Names are compared without case and outer blanks. */
export class CsvRows {
  private columns: readonly string[] | null = null;
  /** True once the columns are of no use: no row can be read then. */
  givenUp = false;

  constructor(private readonly file: string) {}

  row(record: CsvRecord): SourceRow | null {
    if (record.faultyLine?.fault) {
      return faultyRow(this.file, record.faultyLine.number, record.faultyLine.fault);
    }
    if (this.columns === null) {
      return this.readHeader(record);
    }
    if (record.fault !== null) {
      return badRow(record.line, errorAt(this.file, record.line, 'csv-quote', record.fault));
    }
    if (record.cells.length !== this.columns.length) {
      return badRow(record.line, errorAt(this.file, record.line, 'csv-column-count',
        `The row has ${record.cells.length} cells and the header ${this.columns.length}. `
        + 'Put cells that contain commas into quotes, or add what is missing.'));
    }
    return goodRow(record.line, Object.fromEntries(this.columns.map((name, index) => [name, record.cells[index]])));
  }

  private readHeader(record: CsvRecord): SourceRow | null {
    this.columns = record.cells.map((name) => name.trim().toLowerCase());
    const wrong = headerFault(record, this.columns);
    if (wrong === null) {
      return null;
    }
    this.givenUp = true;
    return fileFault(errorAt(this.file, record.line, 'csv-columns', wrong));
  }
}

function headerFault(record: CsvRecord, columns: readonly string[]): string | null {
  if (record.fault !== null) {
    return `The header cannot be read. ${record.fault}`;
  }
  const repeated = columns.find((name, index) => columns.indexOf(name) !== index);
  if (repeated !== undefined) {
    return `The column ${repeated} appears twice in the header. Rename or remove one.`;
  }
  const format = detectFormat(Object.fromEntries(columns.map((name) => [name, ''])));
  if (format === 'alpaca' && columns.includes('output')) {
    return null;
  }
  if (format === 'prompt-completion' && columns.includes('prompt')
    && (columns.includes('completion') || columns.includes('response'))) {
    return null;
  }
  if (columns.length === 1 && /[;\t]/.test(columns[0]!)) {
    return 'The columns are not separated by commas. Save the file as comma-separated.';
  }
  if (format === 'messages' || format === 'sharegpt') {
    return `A list of turns does not fit into a CSV cell. Use .jsonl for it. ${EXPECTED}`;
  }
  return `The header has the columns ${columns.join(', ')}. ${EXPECTED}`;
}
