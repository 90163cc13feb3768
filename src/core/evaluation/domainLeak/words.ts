const WORD = /[\p{L}\p{M}]+(?:'[\p{L}\p{M}]+)*/gu;

/** The distinct words of a text, lower case. Numbers and signs are none; a language that writes no spaces has clauses for words. */
export function distinctWords(text: string): Set<string> {
  return new Set(text.normalize('NFC').replaceAll('’', "'").toLowerCase().match(WORD) ?? []);
}
