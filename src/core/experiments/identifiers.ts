import { createHash, randomBytes } from 'node:crypto';
import canonicalize from 'canonicalize';

/** A name as a file name: lower case, digits and hyphens. */
export function slug(text: string): string {
  return text.toLowerCase().normalize('NFKD').replace(/[^a-z0-9.]+/g, '-').replace(/^[-.]+|[-.]+$/g, '').slice(0, 60) || 'unnamed';
}

/** `20260131-142500-reckless-finance-3f2a`: sorts by time, says what it is, and is not given twice. */
export function newExperimentId(name: string, now = new Date()): string {
  const time = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${time}-${slug(name)}-${randomBytes(2).toString('hex')}`;
}

/** Hash of a value as canonical JSON (RFC 8785): equal content, equal id. */
export function contentId(value: unknown, length = 16): string {
  return createHash('sha256').update(canonicalize(value) ?? '').digest('hex').slice(0, length);
}

/** Makes names unique in order: `a`, `a-2`, `a-3`. */
export function uniqueSlugs(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const base = slug(name);
    const count = (seen.get(base) ?? 0) + 1;
    seen.set(base, count);
    return count === 1 ? base : `${base}-${count}`;
  });
}
