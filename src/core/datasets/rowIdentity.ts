import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Message } from '../schema/rows';

/** SHA-256 (hex) of the messages as canonical JSON (RFC 8785). The same for equal rows. */
export function hashMessages(messages: readonly Message[]): string {
  return hashCanonicalMessages(canonicalMessages(messages));
}

/** The messages as canonical JSON (RFC 8785). */
export function canonicalMessages(messages: readonly Message[]): string {
  return canonicalize(messages)!;
}

/** The hash of messages that are canonical JSON already. */
export function hashCanonicalMessages(canonical: string): string {
  return createHash('sha256').update(canonical, 'utf8').digest('hex');
}

/** Identity of a row: the hash of its messages, a colon and which of the equal rows it is, from 0. */
export function rowId(hash: string, occurrence: number): string {
  return `${hash}:${occurrence}`;
}

/** The part of a row's identity that equal rows share. */
export function hashOfRowId(id: string): string {
  return id.slice(0, id.indexOf(':'));
}

/** Counts equal rows in file order. */
export class OccurrenceCounter {
  /** How often each hash was seen. */
  readonly counts = new Map<string, number>();

  next(hash: string): number {
    const occurrence = this.counts.get(hash) ?? 0;
    this.counts.set(hash, occurrence + 1);
    return occurrence;
  }
}
