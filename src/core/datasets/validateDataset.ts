import type { DatasetFormat } from './datasetFormat';
import type { ReadOptions } from './fileBytes';
import type { Problem } from './problem';
import { ProblemCollector, type Suppressed } from './problemCollector';
import { readDataset } from './readDataset';

export interface DatasetValidation {
  readonly file: string;
  readonly format: DatasetFormat | null;
  /** All rows, good and bad. */
  readonly rows: number;
  readonly validRows: number;
  /** True where leaving out the bad rows would make the file usable. */
  readonly skippable: boolean;
  readonly errors: number;
  readonly warnings: number;
  /** The first problems, in file order; `suppressed` counts those beyond. */
  readonly problems: readonly Problem[];
  readonly suppressed: Suppressed;
}

/** Finds every problem of a dataset file at once. Rejects only when it is aborted. */
export async function validateDataset(path: string, options: ReadOptions = {}): Promise<DatasetValidation> {
  const collector = new ProblemCollector();
  let format: DatasetFormat | null = null;
  let rows = 0;
  let validRows = 0;
  let fileFaults = 0;
  for await (const record of readDataset(path, options)) {
    ({ format } = record);
    collector.addAll(record.problems);
    rows += record.isRow ? 1 : 0;
    validRows += record.messages ? 1 : 0;
    fileFaults += record.isRow ? 0 : 1;
  }
  const { errors, warnings, problems, suppressed } = collector;
  return { file: path, format, rows, validRows, skippable: fileFaults === 0 && validRows > 0, errors, warnings, problems, suppressed };
}
