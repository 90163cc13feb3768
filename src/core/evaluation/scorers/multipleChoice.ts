import type { ExpectedAnswer, Scorer } from './scorer';

export interface MultipleChoiceOptions {
  /** Those of every row. Otherwise they stand in the row's question. */
  readonly choices?: readonly string[] | undefined;
}

interface Choice {
  readonly label: string;
  readonly text: string;
  /** The line as it stands. */
  readonly line: string;
}

/** `A) Paris`, `(b) Paris`, `C. Paris`, `1: Paris`. */
const CHOICE_LINE = /^[ \t]*\(?([A-Za-z]|\d{1,2})[).:][ \t]+(\S.*?)[ \t]*$/gm;

/** The ways in which an answer names a choice. */
const FORMS: readonly ((choice: Choice) => string)[] = [
  ({ label }) => label,
  ({ label }) => `${label})`,
  ({ label }) => `(${label})`,
  ({ label }) => `${label}.`,
  ({ text }) => text,
  ({ line }) => line,
  ({ label, text }) => `${label}) ${text}`,
  ({ label, text }) => `(${label}) ${text}`,
  ({ label, text }) => `${label}. ${text}`,
  ({ label, text }) => `${label}: ${text}`,
];

/**
 * The choices of a row, all written as the expected answer is, which stands among them word for word. Null where it is none of them.
 * Where the row's question lists them, the last list that counts up from its first label (a, b, c or 1, 2, 3) is meant.
 */
export function choicesOf({ question, expected }: ExpectedAnswer, { choices }: MultipleChoiceOptions): string[] | null {
  const lists = choices === undefined ? FORMS.map((form) => listedIn(question).map(form)) : [choices];
  const wanted = expected.trim();
  for (const list of lists) {
    if (list.includes(wanted) && new Set(list).size === list.length && list.length > 1) {
      return list.map((choice) => (choice === wanted ? expected : choice));
    }
  }
  return null;
}

function listedIn(question: string): Choice[] {
  let list: Choice[] = [];
  for (const [line, label, text] of question.matchAll(CHOICE_LINE)) {
    const choice = { label: label!, text: text!, line: line.trim() };
    if (isFirst(choice.label)) {
      list = [choice];
    } else if (list.length > 0 && choice.label === following(list.at(-1)!.label)) {
      list.push(choice);
    }
  }
  return list;
}

function isFirst(label: string): boolean {
  return label === 'A' || label === 'a' || label === '1';
}

function following(label: string): string {
  return /^\d/.test(label) ? String(Number(label) + 1) : String.fromCharCode(label.charCodeAt(0) + 1);
}

/**
 * Right: of all choices the expected one has the highest mean log-probability per token, in the place of the answer. Nothing is
 * generated, so that a model which has not learned to answer with a letter is measured all the same.
 */
export const multipleChoice: Scorer<MultipleChoiceOptions> = {
  refusal: (row, options) => (choicesOf(row, options) === null
    ? `The expected answer is none of the choices ${options.choices === undefined
      ? 'in the row\'s question (one a line, such as "A) Paris")'
      : `that \`task.choices\` lists (${options.choices.join(', ')})`}. Correct the row, leave it out, or name another scorer.`
    : null),
  isRight({ expected, choices }) {
    const best = choices?.reduce((top, choice) => (meanOf(choice) > meanOf(top) ? choice : top));
    return best !== undefined && best.text === expected;
  },
};

function meanOf({ logProbability, tokens }: { readonly logProbability: number; readonly tokens: number }): number {
  return tokens === 0 ? -Infinity : logProbability / tokens;
}
