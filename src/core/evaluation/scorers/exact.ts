import type { Scorer } from './scorer';

/** Right: the expected answer, character for character, blanks at both ends apart. */
export const exact: Scorer<object> = {
  refusal: () => null,
  isRight: ({ expected, answer }) => answer !== null && answer.trim() === expected?.trim(),
};
