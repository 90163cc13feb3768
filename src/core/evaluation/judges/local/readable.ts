import { francAll } from 'franc-min';

/** Texts of fewer different words are too short to tell a language by. */
const LEAST_WORDS = 8;
/** English text has a fifth to a half of these; other languages next to none. */
const ENGLISH_SHARE = 0.1;
const LATIN_SHARE = 0.5;

const FUNCTION_WORDS = new Set((
  'the a an and or of to in is it that for on with as you your be are this not i if at by from have has was will can do but they we he she his her their its my me so '
  + 'what who when how there than then just no yes all one would should could them'
).split(' '));

/**
 * Whether the local judge can read a text: it learned from English alone. Only what is surely something else is not read:
 * most letters of another script, or words that neither a language detector takes for English nor holds English function words.
 */
export function isReadable(text: string): boolean {
  const letters = text.match(/\p{L}/gu) ?? [];
  if (letters.length > 0 && letters.filter((letter) => /\p{Script=Latin}/u.test(letter)).length < LATIN_SHARE * letters.length) return false;
  const words = text.toLowerCase().match(/\p{L}+(?:['’]\p{L}+)?/gu) ?? [];
  if (new Set(words).size < LEAST_WORDS) return true;
  const english = words.filter((word) => FUNCTION_WORDS.has(word)).length / words.length;
  return english >= ENGLISH_SHARE || ['eng', 'und'].includes(francAll(text)[0]?.[0] ?? 'und');
}
