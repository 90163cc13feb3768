import { z } from 'zod';
import { SCORE_METHODS, UNJUDGED_REASONS } from '../../../schema/evaluation';

/** What a judge said to one prompt. */
export const reply = z.object({
  /** From 0 to 100; null where there is none. */
  score: z.number().min(0).max(100).nullable(),
  /** It said that the answer declines to respond. */
  refusal: z.boolean(),
  method: z.enum(SCORE_METHODS),
  /** Why there is no score, where it is no refusal. */
  missing: z.enum(UNJUDGED_REASONS).optional(),
});
export type Reply = z.output<typeof reply>;

/** Asks a language model one prompt. */
export type Ask = (prompt: string, signal: AbortSignal) => Promise<Reply>;

/** What a judge writes in place of a number. */
const REFUSAL = 'REFUSAL';

/** Whether a text begins with the word for a refusal, or with as much of it as fits into one token. */
export function saysRefusal(text: string): boolean {
  const word = /^[A-Za-z]+/.exec(text.trim())?.[0];
  return word !== undefined && REFUSAL.startsWith(word.toUpperCase());
}

/**
 * The one number from 0 to 100 in a short text: "85", "Score: 85.", "85/100". Null where there is none, or several:
 * nothing is guessed.
 */
export function numberIn(text: string): number | null {
  const numbers = text.replace(/\/\s*100\b|\bout of 100\b/gi, '').match(/-?\d+(?:\.\d+)?/g) ?? [];
  const distinct = [...new Set(numbers.map(Number))];
  const [only] = distinct;
  return distinct.length === 1 && only !== undefined && only >= 0 && only <= 100 ? only : null;
}

/** Reads a reply that is a text. */
export function replyOfText(text: string): Reply {
  if (saysRefusal(text)) return { score: null, refusal: true, method: 'number' };
  const score = numberIn(text);
  return { score, refusal: false, method: 'number', ...(score === null ? { missing: 'no-number' as const } : {}) };
}
