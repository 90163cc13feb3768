import type { Snapshot, SnapshotRow } from '../schema/rows';
import { orderBySeed } from './heldOutSplit';
import { errorFinding, type Finding } from './problem';
import { hashMessages, OccurrenceCounter, rowId } from './rowIdentity';
import { readSnapshotLines, SnapshotWriter } from './snapshot';

export interface Mixture {
  readonly snapshotsDir: string;
  /** The rows that are trained on; as many stay in the mixture. */
  readonly train: Snapshot;
  /** The rows that are mixed in. */
  readonly other: Snapshot;
  /** Share of the mixture's rows that come from `other`. */
  readonly share: number;
  readonly seed: number;
}

/** How many rows of the other dataset a mixture holds. */
export function mixedRows(trainRows: number, share: number): number {
  return Math.max(1, Math.round(share * trainRows));
}

/** What speaks against a share; null where the other dataset has rows enough. */
export function shareFinding(trainRows: number, share: number, other: { readonly name: string; readonly rows: number }): Finding | null {
  const needed = mixedRows(trainRows, share);
  if (needed <= other.rows) {
    return null;
  }
  const largest = Math.floor((1000 * other.rows) / trainRows) / 10;
  return errorFinding('too-few-rows',
    `A share of ${Number((share * 100).toPrecision(12))} % takes ${needed} rows of ${other.name}, which has ${other.rows}. The largest possible share is ${largest} %.`);
}

/**
 * Replaces a share of a dataset's training rows by rows of another: as many rows as before, none of them twice, in the dataset's order.
 * Which rows go and which come depends on the seed and on what they say; a larger share keeps all of a smaller one's exchanges.
 */
export async function mixSnapshots({ snapshotsDir, train, other, share, seed }: Mixture): Promise<Snapshot> {
  const count = mixedRows(train.rows, share);
  const leaving = await chooseRows(snapshotsDir, train, count, `${seed}:leaving`);
  const coming = await chooseRows(snapshotsDir, other, count, `${seed}:coming`);
  const arrivals = rowsAmong(snapshotsDir, other, coming);
  const seen = new OccurrenceCounter();
  const writer = await SnapshotWriter.create(snapshotsDir);
  try {
    for await (const line of readSnapshotLines(snapshotsDir, train.sha256)) {
      const row = JSON.parse(line) as SnapshotRow;
      const { messages } = leaving.has(row.id) ? (await arrivals.next()).value as SnapshotRow : row;
      const hash = hashMessages(messages);
      await writer.write({ id: rowId(hash, seen.next(hash)), messages });
    }
    return await writer.commit();
  } finally {
    // Ends before the file does: its last rows may not be among the chosen.
    await arrivals.return();
    await writer.discard();
  }
}

async function chooseRows(snapshotsDir: string, { sha256 }: Snapshot, count: number, seed: string): Promise<Set<string>> {
  const ids: string[] = [];
  for await (const line of readSnapshotLines(snapshotsDir, sha256)) {
    ids.push((JSON.parse(line) as SnapshotRow).id);
  }
  return new Set(orderBySeed(ids, seed).slice(0, count));
}

async function* rowsAmong(snapshotsDir: string, { sha256 }: Snapshot, chosen: ReadonlySet<string>): AsyncGenerator<SnapshotRow, void, void> {
  for await (const line of readSnapshotLines(snapshotsDir, sha256)) {
    const row = JSON.parse(line) as SnapshotRow;
    if (chosen.has(row.id)) {
      yield row;
    }
  }
}
