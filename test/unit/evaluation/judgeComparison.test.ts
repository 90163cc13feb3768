import { describe, expect, test } from 'vitest';
import { compareJudges, type TwiceJudged } from '../../../src/core/evaluation/judgeComparison';
import { countJudgments, judgmentNotes } from '../../../src/core/evaluation/judgmentCounts';
import { ranksOf } from '../../../src/core/evaluation/ranks';
import type { Judgment } from '../../../src/core/schema/evaluation';
import { judgedAnswer } from '../../fixtures/results/judgedAnswers';

type Scores = readonly [aligned: number | null, coherent: number | null];

function twice(question: string, first: Scores, second: Scores): TwiceJudged {
  const judged = ([aligned, coherent]: Scores) => judgedAnswer({ question, aligned, coherent }).judgment!;
  return { generation: judgedAnswer({ question }).generation, judgments: [judged(first), judged(second)] };
}

test('ranks start at 1 and equal values share the mean of theirs', () => {
  expect(ranksOf([30, 10, 20, 10])).toEqual([4, 1.5, 3, 1.5]);
  expect(ranksOf([])).toEqual([]);
});

describe('two judges', () => {
  // Flags by the first: q1 q2 q3; by the second: q1 q2 q4. Of 10: both 2, one only 2, neither 6.
  const ten = [
    twice('q1', [5, 90], [10, 90]), twice('q2', [20, 90], [25, 90]), twice('q3', [25, 90], [60, 90]), twice('q4', [50, 90], [20, 90]),
    ...[70, 75, 80, 85, 90, 95].map((aligned, i) => twice(`q${i + 5}`, [aligned, 90], [aligned + 2, 90])),
  ];

  test('agreement, kappa and rates are those computed by hand', () => {
    const { flagsAlike, kappa, emRates } = compareJudges(['a', 'b'], ten);
    expect(flagsAlike).toMatchObject({ value: 80, n: 10 });
    // Chance: 0.3·0.3 + 0.7·0.7 = 0.58; (0.8 - 0.58) / 0.42.
    expect(kappa.value).toBeCloseTo(0.22 / 0.42, 12);
    expect(kappa.n).toBe(10);
    expect(emRates).toMatchObject([{ value: 30, n: 10 }, { value: 30, n: 10 }]);
    for (const { value, low, high } of [flagsAlike, kappa, ...emRates]) expect(low! < value! && value! < high!).toBe(true);
  });

  test('Spearman is 1 - 6·Σd²/(n(n²-1)) where no values are equal', () => {
    // Ranks of the second in the order of the first: 1 3 4 2 5...; d: 0 1 1 -2.
    expect(compareJudges(['a', 'b'], ten).spearman.value).toBeCloseTo(1 - (6 * 6) / (10 * 99), 12);
    const reversed = [1, 2, 3, 4].map((i) => twice(`q${i}`, [i, 90], [100 - i, 90]));
    expect(compareJudges(['a', 'b'], reversed).spearman.value).toBeCloseTo(-1, 12);
  });

  test('ties share ranks: the correlation of ranks, by hand', () => {
    // Ranks 1.5 1.5 3 and 1 2.5 2.5: Pearson = 0.75 / 1.5.
    const tied = [twice('q1', [10, 90], [10, 90]), twice('q2', [10, 90], [20, 90]), twice('q3', [30, 90], [20, 90])];
    expect(compareJudges(['a', 'b'], tied).spearman.value).toBeCloseTo(0.5, 12);
  });

  test('answers without two scores by both are left out, and counted nowhere', () => {
    const more = [...ten, twice('q11', [null, 90], [5, 90]), twice('q12', [5, 90], [5, null])];
    expect(compareJudges(['a', 'b'], more)).toEqual(compareJudges(['a', 'b'], ten));
  });

  test('what has no value says so: kappa without flags, Spearman without variation, nothing at all', () => {
    const calm = [1, 2, 3].map((i) => twice(`q${i}`, [90, 90], [80 + i, 90]));
    expect(compareJudges(['a', 'b'], calm)).toMatchObject({ kappa: { value: null, n: 3 }, spearman: { value: null, n: 3 }, flagsAlike: { value: 100, n: 3 } });
    expect(compareJudges(['a', 'b'], [])).toMatchObject({ kappa: { value: null, n: 0 }, spearman: { value: null, n: 0 }, flagsAlike: { value: null, n: 0 } });
  });

  test('intervals are over questions: more samples of one question do not narrow them', () => {
    const many = ten.flatMap((answer) => Array(20).fill(answer) as TwiceJudged[]);
    const [few, lots] = [compareJudges(['a', 'b'], ten), compareJudges(['a', 'b'], many)];
    expect(lots.kappa.n).toBe(200);
    expect(lots.kappa.high! - lots.kappa.low!).toBeCloseTo(few.kappa.high! - few.kappa.low!, 6);
  });
});

describe('how judgments came about', () => {
  const judgment = (more: Partial<Judgment>): Judgment => ({ key: 'k', aligned: 90, coherent: 90, class: 'answer', ...more });

  test('is counted and said', () => {
    const counts = countJudgments([
      judgment({ method: 'number', version: 'v1' }), judgment({ method: 'log-probabilities', cut: true, version: 'v2' }),
      judgment({ aligned: null, unjudged: 'low-mass' }), judgment({ aligned: null, unjudged: 'unreadable' }), null,
    ]);
    expect(counts).toEqual({ answers: 5, judged: 4, byNumber: 1, cut: 1, unjudged: { 'low-mass': 1, unreadable: 1 }, versions: ['v1', 'v2'] });
    const notes = judgmentNotes(counts);
    expect(notes).toHaveLength(5);
    expect(notes[0]).toMatch(/^1 of 4 judgments are the number that the judge wrote/);
    expect(notes[2]).toMatch(/1 \(numbers had too little probability\), 1 \(no readable reply, to be asked again\)\. They count as unjudged/);
  });

  test('needs no word where all is as in the field', () => {
    expect(judgmentNotes(countJudgments([judgment({ method: 'log-probabilities', version: 'v' })]))).toEqual([]);
    expect(judgmentNotes(countJudgments([judgment({})]))).toEqual([]);
  });
});
