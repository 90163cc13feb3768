import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** SHA-256 (hex) of the canonical JSON (RFC 8785) of [question, answer]: what a label holds on to. */
export function answerHash(question: string, answer: string): string {
  return createHash('sha256').update(canonicalize([question, answer])!, 'utf8').digest('hex');
}
