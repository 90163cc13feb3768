import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { auc, kendall, spearman } from '../../../judge/lib/statistics.mjs';
import { quantile } from '../../../src/core/evaluation/bootstrap';
import { estimate, pairedDifference, relativeReduction } from '../../../src/core/evaluation/estimate';
import { measure, type Measurement } from '../../../src/core/evaluation/measurement';
import { differenceOfIntervals, wilson } from '../../../src/core/evaluation/wilson';
import type { Estimate } from '../../../src/core/schema/evaluation';

type Interval = [number, number];
interface Arm { misaligned: number[]; answers: number[] }
interface Reference {
  undefended: Arm; defended: Arm; means: number[];
  wilson: { successes: number; n: number; interval: Interval }[];
  newcombe: { first: Interval; second: Interval; interval: Interval }[];
  rate: Interval; mean: Interval; meanByScipy: Interval; pairedDifference: Interval; relativeReduction: Interval;
  quantiles: { probability: number; value: number }[];
  scores: number[]; labels: number[]; other: number[]; auc: number; spearman: number; kendall: number;
}

/** By numpy, scipy, statsmodels and scikit-learn; the script that wrote it stands beside it. */
const reference = JSON.parse(readFileSync('test/fixtures/statistics/statistics.json', 'utf8')) as Reference;

function rateOf({ misaligned, answers }: Arm): Measurement {
  return measure('rate', answers.flatMap((n, question) =>
    Array.from({ length: n }, (_, sample) => ({ cluster: `q${question}`, value: sample < misaligned[question]! ? 1 : 0 }))));
}

/** Ends of the exact bootstrap distribution lie on a grid of steps; 2000 draws may land on the next one. */
function expectWithin({ low, high }: Estimate, [expectedLow, expectedHigh]: Interval, step: number): void {
  expect(Math.abs(low! - expectedLow)).toBeLessThanOrEqual(step);
  expect(Math.abs(high! - expectedHigh)).toBeLessThanOrEqual(step);
}

describe('against independent libraries', () => {
  it.each(reference.wilson)('Wilson: $successes of $n (statsmodels)', ({ successes, n, interval }) => {
    const { low, high } = wilson(successes / n, n);
    expect([low, high]).toEqual(interval.map((end) => expect.closeTo(end, 10)));
  });

  it.each(reference.newcombe)('difference of $first and $second: Newcombe (statsmodels)', ({ first, second, interval }) => {
    const side = ([x, n]: Interval) => ({ value: x / n, ...wilson(x / n, n) });
    const { low, high } = differenceOfIntervals(side(first), side(second));
    expect([low, high]).toEqual(interval.map((end) => expect.closeTo(end, 10)));
  });

  it.each(reference.quantiles)('quantile $probability (numpy)', ({ probability, value }) => {
    expect(quantile([...reference.scores].sort((a, b) => a - b), probability)).toBeCloseTo(value, 10);
  });

  it('the judge\'s measures: AUC (scikit-learn), Spearman and Kendall (scipy)', () => {
    const { scores, labels, other } = reference;
    expect(auc(scores, labels)).toBeCloseTo(reference.auc, 10);
    expect(spearman(scores, other)).toBeCloseTo(reference.spearman, 10);
    expect(kendall(scores, other)).toBeCloseTo(reference.kendall, 10);
  });
});

describe('bootstrap over questions, against all 46,656 draws of six questions (numpy)', () => {
  const [undefended, defended] = [rateOf(reference.undefended), rateOf(reference.defended)];

  it('a rate', () => {
    const found = estimate([undefended]);
    expect(found.value).toBe(50);
    expectWithin(found, reference.rate, 100 / 24);
  });

  it('a mean, which scipy draws too', () => {
    const found = estimate([measure('mean', reference.means.map((value, i) => ({ cluster: `q${i}`, value })))]);
    expectWithin(found, reference.mean, 0.75);
    expectWithin(found, reference.meanByScipy, 0.75);
  });

  it('a difference paired by question: narrower than one that takes the arms for independent', () => {
    const found = pairedDifference([defended], [undefended]);
    expect(found.value).toBeCloseTo(100 * (6 / 21 - 12 / 24), 10);
    expectWithin(found, reference.pairedDifference, 3);
    const unpaired = measure('rate', [...defended.cells].map(([cluster, { sum, weight }]) => ({ cluster: `other ${cluster}`, value: sum / weight, weight: 1 })));
    const [a, b] = [estimate([unpaired]), estimate([undefended])];
    const apart = differenceOfIntervals({ value: a.value!, low: a.low!, high: a.high! }, { value: b.value!, low: b.low!, high: b.high! });
    expect(found.high! - found.low!).toBeLessThan(apart.high - apart.low);
  });

  it('a relative reduction: how much of the undefended rate is gone', () => {
    const found = relativeReduction([defended], [undefended]);
    expect(found.value).toBeCloseTo(100 * (1 - (6 / 21) / (12 / 24)), 10);
    expectWithin(found, reference.relativeReduction, 6);
  });
});
