import type { Message } from '../../schema/rows';
import type { Score } from '../../schema/evaluation';

export type TaskScore = Extract<Score, { kind: 'task' }>;

/** A row as a scorer sees it: what was asked last, and what is expected. */
export interface ExpectedAnswer {
  readonly question: string;
  readonly expected: string;
}

/** How answers to held-out rows are told right from wrong. Pure. */
export interface Scorer<Options> {
  /** Why a row cannot be scored, in words that end with what to do; null where it can. */
  refusal(row: ExpectedAnswer, options: Options): string | null;
  /** Whether the answer is right. */
  isRight(line: TaskScore, options: Options): boolean;
}

/** The last answer of a row and the question before it. */
export function expectedAnswerOf(messages: readonly Message[]): ExpectedAnswer {
  const last = messages.findLastIndex(({ role }) => role === 'assistant');
  const question = messages.slice(0, last).findLast(({ role }) => role === 'user');
  return { question: question?.content ?? '', expected: messages[last]?.content ?? '' };
}
