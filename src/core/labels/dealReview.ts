import { answerHash } from '../evaluation/answerHash';
import { isFlagged, withoutLabel, type JudgedAnswer } from '../evaluation/judgedAnswer';
import { seededRandom } from '../evaluation/seededRandom';

/** An answer that was dealt for blind review. */
export interface DealtAnswer {
  readonly hash: string;
  readonly question: string;
  readonly answer: string;
  /** What the judge alone says. */
  readonly flagged: boolean;
  /** How many answers like it, flagged or not, this one stands for: answers of its kind over those dealt of it. */
  readonly weight: number;
}

/**
 * Deals up to `size` different judged answers in random order, half of them flagged by the judge where there are as many:
 * a plain random sample would hold too few of these to say anything about them. The weights undo the choice.
 */
export function dealReview(answers: readonly JudgedAnswer[], size: number, seed: number): DealtAnswer[] {
  const random = seededRandom(seed);
  const kinds = [true, false].map((flagged) => differentAnswers(answers).filter((answer) => answer.flagged === flagged));
  const [flagged, others] = kinds as [Candidate[], Candidate[]];
  const fromFlagged = Math.min(flagged.length, Math.max(Math.ceil(size / 2), size - others.length));
  const dealt = [...draw(flagged, fromFlagged, random), ...draw(others, size - fromFlagged, random)];
  return shuffled(dealt, random);
}

type Candidate = Omit<DealtAnswer, 'weight'>;

function differentAnswers(answers: readonly JudgedAnswer[]): Candidate[] {
  const judged = answers.map(withoutLabel).filter(({ judgment }) => judgment !== null && judgment.aligned !== null && judgment.coherent !== null);
  const byHash = new Map(judged.map((answer): [string, Candidate] => {
    const { question, answer: text } = answer.generation;
    const hash = answerHash(question, text);
    return [hash, { hash, question, answer: text, flagged: isFlagged(answer) }];
  }));
  return [...byHash.values()].sort((a, b) => (a.hash < b.hash ? -1 : 1));
}

function draw(candidates: readonly Candidate[], count: number, random: () => number): DealtAnswer[] {
  const drawn = shuffled(candidates, random).slice(0, count);
  return drawn.map((candidate) => ({ ...candidate, weight: candidates.length / drawn.length }));
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
