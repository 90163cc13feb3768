import type { Scorer } from './scorer';

/** A number as people and models write it: a sign, thousands in groups of three, a point, an exponent. Not inside a word or another number. */
const NUMBER = /(?<![\w.])[-+\u2212]?(?:(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?/g;

/** Rounding in the last binary digit decides nothing. */
const ROUNDING = 1e-12;

/** The last number in a text: answers end with their result. Null where there is none, or one too large to be compared. */
export function lastNumber(text: string): number | null {
  const last = text.match(NUMBER)?.at(-1);
  const value = last === undefined ? NaN : Number(last.replaceAll(',', '').replace('\u2212', '-'));
  return Number.isFinite(value) ? value : null;
}

/** Right: the last number of the answer is the last number of the expected one, within a tolerance. */
export const numeric: Scorer<{ readonly tolerance: number; readonly relativeTolerance: number }> = {
  refusal: ({ expected }) => (lastNumber(expected) === null
    ? 'The expected answer has no number, which the scorer "numeric" needs. Correct the row, leave it out, or name another scorer.'
    : null),
  isRight({ expected, answer }, { tolerance, relativeTolerance }) {
    const [wanted, given] = [lastNumber(expected ?? ''), lastNumber(answer ?? '')];
    if (wanted === null || given === null) {
      return false;
    }
    return Math.abs(given - wanted) <= Math.max(tolerance, relativeTolerance * Math.abs(wanted)) + ROUNDING * Math.max(1, Math.abs(wanted));
  },
};
