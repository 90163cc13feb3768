import type { ReadOptions } from './fileBytes';
import { readDataset } from './readDataset';
import { hashMessages, hashOfRowId, OccurrenceCounter, rowId } from './rowIdentity';

/**
 * The lines on which rows stand now, by their identity. An identity that is not in the result is no longer
 * in the file: the row was changed or removed. A file that cannot be read has no rows.
 */
export async function findRowLines(path: string, ids: ReadonlySet<string>, options: ReadOptions = {}): Promise<Map<string, number>> {
  const wantedHashes = new Set([...ids].map(hashOfRowId));
  const seen = new OccurrenceCounter();
  const lines = new Map<string, number>();
  if (ids.size === 0) {
    return lines;
  }
  for await (const { line, messages } of readDataset(path, options)) {
    const hash = messages && hashMessages(messages);
    if (!hash || !wantedHashes.has(hash)) {
      continue;
    }
    const id = rowId(hash, seen.next(hash));
    if (ids.has(id)) {
      lines.set(id, line);
    }
    if (lines.size === ids.size) {
      break;
    }
  }
  return lines;
}
