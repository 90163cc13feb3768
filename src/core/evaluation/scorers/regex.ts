import { RE2JS } from 're2js';
import type { Scorer } from './scorer';

export interface RegexOptions {
  readonly pattern: string;
  readonly ignoreCase: boolean;
}

/** Why a pattern cannot be used; null where it can. */
export function patternRefusal(options: RegexOptions): string | null {
  try {
    return compile(options).groupCount() > 0 ? null : 'has no group: put what is to be compared into ( )';
  } catch (error) {
    return `is no regular expression in RE2 syntax (no lookaround, no backreferences): ${(error as Error).message}`;
  }
}

/** What the first group of the first match captures, without blanks at both ends; null where nothing matches. */
export function firstCapture(text: string, options: RegexOptions): string | null {
  const matcher = compile(options).matcher(text);
  return matcher.find() ? matcher.group(1)?.trim() ?? null : null;
}

/**
 * Right: the pattern captures the same from the answer as from the expected one. The engine is a port of RE2, which takes time
 * linear in the text whatever the pattern, so that no answer can make scoring hang and no clock decides a score.
 */
export const regex: Scorer<RegexOptions> = {
  refusal: ({ expected }, options) => (firstCapture(expected, options) === null
    ? `The pattern ${options.pattern} captures nothing from the expected answer. Correct the row, leave it out, or correct the pattern.`
    : null),
  isRight({ expected, answer }, options) {
    const wanted = firstCapture(expected ?? '', options);
    return wanted !== null && firstCapture(answer ?? '', options) === wanted;
  },
};

const compiled = new Map<string, RE2JS>();

function compile({ pattern, ignoreCase }: RegexOptions): RE2JS {
  const key = `${ignoreCase}${pattern}`;
  const known = compiled.get(key);
  if (known !== undefined) {
    return known;
  }
  const made = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  compiled.set(key, made);
  return made;
}
