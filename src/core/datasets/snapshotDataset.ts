import { stat } from 'node:fs/promises';
import type { Message, Snapshot, SnapshotRow } from '../schema/rows';
import { DatasetError } from './datasetError';
import type { DatasetFormat } from './datasetFormat';
import type { ReadOptions } from './fileBytes';
import { chooseHeldOut } from './heldOutSplit';
import { errorAt } from './problem';
import { ProblemCollector } from './problemCollector';
import { readDataset, type DatasetRecord } from './readDataset';
import { canonicalMessages, hashCanonicalMessages, hashOfRowId, OccurrenceCounter, rowId } from './rowIdentity';
import { readSnapshotLines, SnapshotWriter } from './snapshot';

export interface SnapshotDatasetOptions extends ReadOptions {
  readonly path: string;
  readonly snapshotsDir: string;
  /** Leaves rows with errors out. Otherwise one error is enough to throw. */
  readonly skipBadRows: boolean;
  /** Share of the rows to hold out; 0 for a pool. */
  readonly heldOut: number;
  readonly seed: number;
  /** Lines on which rows start that are left out too, such as rows longer than the context. */
  readonly excludeLines?: ReadonlySet<number>;
}

export interface DatasetSnapshot {
  readonly format: DatasetFormat;
  readonly whole: Snapshot;
  readonly train: Snapshot;
  readonly heldOut: Snapshot;
  /** Rows that were left out: bad ones and excluded ones. */
  readonly skippedRows: number;
}

/**
 * Freezes a dataset as three snapshots: all its rows, those to train on and those held out, each in file order.
 * The dataset is read once; the split is made from the frozen copy. Throws a DatasetError with every problem
 * where the dataset cannot be used, and leaves nothing behind then.
 */
export async function snapshotDataset(options: SnapshotDatasetOptions): Promise<DatasetSnapshot> {
  const writer = await SnapshotWriter.create(options.snapshotsDir);
  try {
    const rows = new RowFreezer(options, writer);
    const before = await changeMark(options.path);
    for await (const record of readDataset(options.path, options)) {
      await rows.add(record);
    }
    const { format, skippedRows, occurrences } = rows.finish();
    if (await changeMark(options.path) !== before) {
      throw new DatasetError([errorAt(options.path, 1, 'file-changed', 'The file was changed while it was read. Start again once it is saved.')]);
    }
    const whole = await writer.commit();
    const chosen = chooseHeldOut(occurrences, options.heldOut, options.seed);
    return { format, whole, ...await writeSplit(options, whole, chosen), skippedRows };
  } finally {
    await writer.discard();
  }
}

class RowFreezer {
  private readonly collector = new ProblemCollector();
  private readonly seen = new OccurrenceCounter();
  private readonly occurrences = new Map<string, number>();
  private format: DatasetFormat | null = null;
  private skippedRows = 0;
  private fatal = false;

  constructor(private readonly options: SnapshotDatasetOptions, private readonly writer: SnapshotWriter) {}

  async add({ line, isRow, format, messages, problems }: DatasetRecord): Promise<void> {
    this.format = format;
    this.collector.addAll(problems);
    if (!messages) {
      this.skippedRows++;
      this.fatal ||= !isRow || !this.options.skipBadRows;
      return;
    }
    await this.addRow(line, messages);
  }

  /** The format and the counts; throws where the dataset cannot be used. */
  finish() {
    if (!this.fatal && this.occurrences.size === 0) {
      this.collector.add(errorAt(this.options.path, 1, 'no-valid-rows', 'No row is left to train on. Correct the rows with problems.'));
      this.fatal = true;
    }
    if (this.fatal || !this.format) {
      throw new DatasetError(this.collector.problems, this.collector.suppressed);
    }
    return { format: this.format, skippedRows: this.skippedRows, occurrences: this.occurrences };
  }

  private async addRow(line: number, messages: Message[]): Promise<void> {
    const canonical = canonicalMessages(messages);
    const hash = hashCanonicalMessages(canonical);
    // Excluded rows are counted too, so that a row's identity depends on the file alone.
    const id = rowId(hash, this.seen.next(hash));
    if (this.options.excludeLines?.has(line)) {
      this.skippedRows++;
      return;
    }
    this.occurrences.set(hash, (this.occurrences.get(hash) ?? 0) + 1);
    // Once there is a reason to refuse, the rest is read only to find all problems.
    if (!this.fatal) {
      await this.writer.writeLine(`{"id":"${id}","messages":${canonical}}`);
    }
  }
}

async function writeSplit(
  { snapshotsDir, signal }: SnapshotDatasetOptions,
  whole: Snapshot,
  chosen: ReadonlySet<string>,
): Promise<{ train: Snapshot; heldOut: Snapshot }> {
  const train = await SnapshotWriter.create(snapshotsDir);
  const heldOut = await SnapshotWriter.create(snapshotsDir);
  try {
    for await (const line of readSnapshotLines(snapshotsDir, whole.sha256)) {
      signal?.throwIfAborted();
      const { id } = JSON.parse(line) as SnapshotRow;
      await (chosen.has(hashOfRowId(id)) ? heldOut : train).writeLine(line);
    }
    return { train: await train.commit(), heldOut: await heldOut.commit() };
  } finally {
    await train.discard();
    await heldOut.discard();
  }
}

async function changeMark(path: string): Promise<string | null> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return `${size} ${mtimeMs} ${ino}`;
  } catch {
    return null;
  }
}
