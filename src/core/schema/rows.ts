import { z } from 'zod';

export const message = z.strictObject({
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string(),
});
export type Message = z.output<typeof message>;

/**
 * One line of a snapshot of a dataset or pool: a normalized chat row.
 * `id` is the SHA-256 (hex) of the messages as canonical JSON (RFC 8785), a colon and an occurrence number, 0 for the first of equal rows.
 */
export const snapshotRow = z.strictObject({ id: z.string(), messages: z.array(message).min(1) });
export type SnapshotRow = z.output<typeof snapshotRow>;

/** A frozen, content-addressed file: `snapshots/<sha256>.jsonl`. */
export const snapshot = z.strictObject({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  rows: z.int().min(0),
});
export type Snapshot = z.output<typeof snapshot>;
