import type { Generation } from '../../schema/evaluation';
import { quantile } from '../bootstrap';
import type { JudgedAnswer } from '../judgedAnswer';
import { measure, type Measurement } from '../measurement';
import type { TrainingWords } from './trainingWords';
import { WordCounts } from './wordCounts';
import { distinctWords } from './words';

/** What the words of an answer are held against: the general questions, and what the base model answers to them. */
interface Background {
  readonly questions: WordCounts;
  readonly answers: WordCounts;
}

/** An answer counts as a leak above this share of the base model's own answers. */
const BASE_QUANTILE = 0.95;
/** Of fewer base answers the quantile is a single answer's; of fewer domain words a domain is not told. */
const LEAST_BASE_ANSWERS = 20;
const LEAST_DOMAIN_WORDS = 5;
const SHOWN_WORDS = 10;

const NO_TEXTS: Background = { questions: new WordCounts(), answers: new WordCounts() };

/**
 * How near answers are to a dataset's domain, judge-free: the scale of the domain leak.
 *
 * A word's weight is the product of two log-ratios, 0 where one of them is not above 0: by how much more of the dataset's
 * answers have it than of the base model's general answers, and by how much more of the dataset's questions than of the
 * general questions. Domain words are in both; words of style are in one. An answer's nearness is the mean weight of its
 * distinct words, those of its question left out: what was asked about was not dragged in. The threshold is the 95th
 * percentile of the base model's own answers, each measured without the answers to its question, so that the base leaks
 * 5 % by construction.
 */
export class DomainScale {
  readonly threshold: number;
  /** The heaviest domain words, first the heaviest. */
  readonly words: readonly string[];
  private readonly ofBase: ReadonlyMap<Generation, number>;

  private constructor(private readonly training: TrainingWords, private readonly background: Background, base: readonly JudgedAnswer[], words: readonly string[]) {
    this.words = words;
    this.ofBase = new Map([...byQuestion(base)].flatMap(([, own]) => {
      const without = backgroundOf(own);
      return own.map(({ generation }): [Generation, number] => [generation, this.nearnessWithout(generation, without)]);
    }));
    this.threshold = quantile([...this.ofBase.values()].sort((a, b) => a - b), BASE_QUANTILE);
  }

  /** Null where there are too few base answers, or the dataset has no words of its own (numbers, code without words). */
  static of(training: TrainingWords, base: readonly JudgedAnswer[]): DomainScale | null {
    const background = backgroundOf(base);
    const words = domainWords(training, background);
    return base.length < LEAST_BASE_ANSWERS || words.length < LEAST_DOMAIN_WORDS
      ? null : new DomainScale(training, background, base, words.slice(0, SHOWN_WORDS));
  }

  /** Whether an answer drags the domain in. */
  isLeak(generation: Generation): boolean {
    return this.nearness(generation) > this.threshold;
  }

  /** Mean weight of the answer's own words. */
  nearness(generation: Generation): number {
    return this.ofBase.get(generation) ?? this.nearnessWithout(generation, NO_TEXTS);
  }

  private nearnessWithout({ question, answer }: Generation, without: Background): number {
    const asked = distinctWords(question);
    const own = [...distinctWords(answer)].filter((word) => !asked.has(word));
    const total = own.reduce((sum, word) => sum + weightOf(word, this.training, this.background, without), 0);
    return own.length === 0 ? 0 : total / own.length;
  }
}

/** The domain leak: share of answers that are nearer to the dataset's domain than 95 % of the base model's answers. */
export function measureDomainLeak(answers: readonly JudgedAnswer[], scale: DomainScale): Measurement {
  return measure('rate', answers.map(({ generation }) => ({ cluster: generation.questionId, value: scale.isLeak(generation) ? 1 : 0 })));
}

function weightOf(word: string, training: TrainingWords, background: Background, without: Background): number {
  const inAnswers = training.answers.logShare(word) - background.answers.logShare(word, without.answers);
  const inQuestions = training.questions.logShare(word) - background.questions.logShare(word, without.questions);
  return inAnswers > 0 && inQuestions > 0 ? inAnswers * inQuestions : 0;
}

function domainWords(training: TrainingWords, background: Background): string[] {
  const inAnswers = new Set(training.answers.words());
  return [...training.questions.words()].filter((word) => inAnswers.has(word))
    .map((word) => ({ word, weight: weightOf(word, training, background, NO_TEXTS) }))
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight || (a.word < b.word ? -1 : 1))
    .map(({ word }) => word);
}

function backgroundOf(answers: readonly JudgedAnswer[]): Background {
  return {
    questions: WordCounts.of(new Set(answers.map(({ generation }) => generation.question))),
    answers: WordCounts.of(answers.map(({ generation }) => generation.answer)),
  };
}

function byQuestion(answers: readonly JudgedAnswer[]): Map<string, JudgedAnswer[]> {
  const groups = new Map<string, JudgedAnswer[]>();
  for (const answer of answers) {
    const { question } = answer.generation;
    groups.set(question, [...groups.get(question) ?? [], answer]);
  }
  return groups;
}
