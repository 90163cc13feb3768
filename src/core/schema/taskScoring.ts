import { z } from 'zod';
import { about } from './about';
import { snapshot } from './rows';

/** How held-out rows become a task score: one entry a scorer, with its options. */
const likelihood = z.strictObject({
  scorer: z.literal('likelihood').meta(about('100·exp(mean log-probability per response token) of held-out rows. Nothing is generated.')),
});

const exact = z.strictObject({
  scorer: z.literal('exact').meta(about('Share of held-out rows answered exactly, blanks at both ends apart; greedily decoded.')),
});

const numeric = z.strictObject({
  scorer: z.literal('numeric').meta(about('Share of held-out rows whose last number is that of the expected answer; greedily decoded.')),
  tolerance: z.number().min(0).default(0).meta(about('Numbers that differ by at most this are equal. In the unit of the answers.')),
  relativeTolerance: z.number().min(0).max(1).default(0).meta(about('The same as a share of the expected number: 0.01 is 1 %. The wider of the two counts.')),
});

const regex = z.strictObject({
  scorer: z.literal('regex').meta(about('Share of held-out rows where a pattern captures the same from the answer as from the expected answer; greedily decoded.')),
  pattern: z.string().min(1).meta(about('A regular expression with a group: `#### (\\d+)`. The first match and its first group count. RE2 syntax: no lookaround, no backreferences, and so no pattern that never ends.')),
  ignoreCase: z.boolean().default(false).meta(about('Upper and lower case are the same.')),
});

const contains = z.strictObject({
  scorer: z.literal('contains').meta(about('Share of held-out rows whose answer contains the expected one; greedily decoded.')),
  ignoreCase: z.boolean().default(true).meta(about('Upper and lower case are the same.')),
  wholeWords: z.boolean().default(true).meta(about('`4` is not contained in `14`. `false` for languages that write no spaces.')),
});

const multipleChoice = z.strictObject({
  scorer: z.literal('multiple-choice').meta(about('Share of held-out rows where, of all choices, the right one has the highest mean log-probability per token. Nothing is generated.')),
  choices: z.array(z.string().regex(/\S/, 'must not be empty')).min(2).optional()
    .meta(about('The choices of every row. Left out: those in the row\'s question, one a line, such as `A) Paris`.')),
});

/** `task` of a dataset in an experiment file, and in the plan. */
export const taskScoring = z.discriminatedUnion('scorer', [likelihood, exact, numeric, regex, contains, multipleChoice]);
export type TaskScoring = z.output<typeof taskScoring>;

export const TASK_SCORERS = ['likelihood', 'exact', 'numeric', 'regex', 'contains', 'multiple-choice'] as const satisfies readonly TaskScoring['scorer'][];
export type TaskScorer = (typeof TASK_SCORERS)[number];

const asked = { heldOut: snapshot, maxTokens: z.int().min(1) };

/** `task` of evaluation.json. Choices are frozen row by row: lines of `choicesOfRow`. */
export const taskSpec = z.discriminatedUnion('scorer', [
  likelihood.extend(asked), exact.extend(asked), numeric.extend(asked), regex.extend(asked), contains.extend(asked),
  multipleChoice.extend({ choices: snapshot, ...asked }),
]);
export type TaskSpec = z.output<typeof taskSpec>;

/** The choices of one held-out row, its expected answer among them, word for word. */
export const choicesOfRow = z.strictObject({ rowId: z.string(), choices: z.array(z.string()).min(2) });
export type ChoicesOfRow = z.output<typeof choicesOfRow>;
