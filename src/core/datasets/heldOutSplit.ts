import { createHash } from 'node:crypto';

/**
 * Chooses which rows are held out: the hashes of their messages. Equal rows go to the same side, as they share one hash.
 *
 * The rows are ordered by the SHA-256 of seed and row hash, and taken from the front until the share is reached. So the split depends
 * on the seed and on what the rows say, never on their order in the file, and a row added later moves few others.
 * Any share above 0 holds out at least one distinct row, and at least one is left to train on.
 */
export function chooseHeldOut(occurrences: ReadonlyMap<string, number>, share: number, seed: number): Set<string> {
  const chosen = new Set<string>();
  if (share <= 0 || occurrences.size < 2) {
    return chosen;
  }
  const total = sum(occurrences.values());
  const target = heldOutRows(total, share);
  const ordered = orderBySeed([...occurrences.keys()], seed);
  let taken = 0;
  for (const hash of ordered) {
    const rows = occurrences.get(hash)!;
    if (taken + rows <= target && chosen.size < occurrences.size - 1) {
      chosen.add(hash);
      taken += rows;
    }
    if (taken === target) {
      break;
    }
  }
  return chosen.size > 0 ? chosen : new Set([rarest(ordered, occurrences)]);
}

/** How many of so many rows a share holds out, where no rows are equal. */
export function heldOutRows(total: number, share: number): number {
  return share <= 0 || total < 2 ? 0 : Math.max(1, Math.round(share * total));
}

/** A random order that depends on the seed and the keys, never on the order in which they come. */
export function orderBySeed(hashes: readonly string[], seed: number | string): string[] {
  return hashes
    .map((hash) => ({ hash, key: createHash('sha256').update(`${seed}:${hash}`).digest('hex') }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ hash }) => hash);
}

/** Where every group of equal rows is larger than the share, the smallest comes nearest to it. */
function rarest(hashes: readonly string[], occurrences: ReadonlyMap<string, number>): string {
  return hashes.reduce((best, hash) => (occurrences.get(hash)! < occurrences.get(best)! ? hash : best));
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) {
    total += value;
  }
  return total;
}
