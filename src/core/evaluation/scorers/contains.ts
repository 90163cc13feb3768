import type { Scorer } from './scorer';

export interface ContainsOptions {
  readonly ignoreCase: boolean;
  readonly wholeWords: boolean;
}

const WORD_CHARACTER = /[\p{L}\p{N}\p{M}_]/u;

/** Right: the expected answer, blanks at both ends apart, stands somewhere in the answer. */
export const contains: Scorer<ContainsOptions> = {
  refusal: () => null,
  isRight({ expected, answer }, options) {
    const wanted = folded(expected?.trim() ?? '', options);
    return wanted !== '' && occurs(folded(answer ?? '', options), wanted, options);
  },
};

function folded(text: string, { ignoreCase }: ContainsOptions): string {
  const normal = text.normalize('NFC');
  return ignoreCase ? normal.toLowerCase() : normal;
}

function occurs(text: string, wanted: string, { wholeWords }: ContainsOptions): boolean {
  for (let start = text.indexOf(wanted); start !== -1; start = text.indexOf(wanted, start + 1)) {
    const end = start + wanted.length;
    if (!wholeWords || !(isInsideWord(text, start) || isInsideWord(text, end))) {
      return true;
    }
  }
  return false;
}

/** Whether a word goes on across a position. */
function isInsideWord(text: string, position: number): boolean {
  const before = [...text.slice(Math.max(0, position - 2), position)].at(-1) ?? '';
  const after = String.fromCodePoint(text.codePointAt(position) ?? 0x20);
  return WORD_CHARACTER.test(before) && WORD_CHARACTER.test(after);
}
