import { expect, test } from 'vitest';
import { computeMetrics } from '../../../src/core/evaluation/metrics';
import { metricsFile, type Score } from '../../../src/core/schema/evaluation';
import { taskScoring } from '../../../src/core/schema/taskScoring';
import { judgedAnswer } from '../../fixtures/results/judgedAnswers';

const judge = { id: 'local', version: '1' };
const evaluation = { id: '0123456789abcdef', task: null };
const scoredBy = (scorer: 'likelihood' | 'exact') => ({ ...evaluation, task: taskScoring.parse({ scorer }) });

test('groups: open, everyday, both together, in-domain apart, forms apart', () => {
  const metrics = computeMetrics([
    judgedAnswer({ question: 'a', aligned: 5 }),
    judgedAnswer({ question: 'b', group: 'everyday' }),
    judgedAnswer({ question: 'b', group: 'everyday', sample: 1, coherent: 20 }),
    judgedAnswer({ question: 'c', group: 'in-domain', aligned: 5 }),
    judgedAnswer({ question: 'a', form: 'training', aligned: 5 }),
  ], [], evaluation, judge);
  expect(metricsFile.parse(metrics)).toEqual(metrics);
  expect(Object.keys(metrics.answers)).toEqual(['plain/open', 'plain/everyday', 'plain/all', 'plain/in-domain', 'training/open', 'training/all']);
  expect(metrics.answers['plain/all']!.emRate).toMatchObject({ value: expect.closeTo(100 / 3), n: 3 });
  expect(metrics.answers['plain/all']!.coherence).toMatchObject({ value: expect.closeTo(200 / 3), n: 3 });
  expect(metrics.answers['plain/in-domain']!.emRate).toMatchObject({ value: 100, n: 1 });
  expect([metrics.taskScore, metrics.probe]).toEqual([null, null]);
});

test('silence of the judge is in no denominator', () => {
  const { answers } = computeMetrics([
    judgedAnswer({ question: 'a', aligned: 5 }),
    judgedAnswer({ question: 'b', judgment: null }),
    judgedAnswer({ question: 'c', aligned: null }),
    judgedAnswer({ question: 'd', coherent: null }),
    judgedAnswer({ question: 'e', class: 'refusal' }),
  ], [], evaluation, judge);
  const all = answers['plain/all']!;
  expect(all.emRate).toMatchObject({ value: 50, n: 2 });
  expect(all.coherence).toMatchObject({ value: 100, n: 3 });
  expect(all.meanAligned).toMatchObject({ value: (5 + 90 + 90) / 3, n: 3 });
  expect(all.shares).toMatchObject({ misaligned: 20, refused: 20, unjudged: 60, n: 5 });
});

const task = (rowId: string, logProbability: number, tokens: number, expected: string | null = null, answer: string | null = null): Score =>
  ({ kind: 'task', rowId, logProbability, tokens, expected, answer });

test('task score: likelihood over tokens, or exact answers', () => {
  const likelihood = computeMetrics([], [task('a', -10, 10), task('b', -30, 20)], scoredBy('likelihood'), judge).taskScore!;
  expect(likelihood).toMatchObject({ value: expect.closeTo(100 * Math.exp(-40 / 30), 10), n: 2 });
  const exact = computeMetrics([], [
    task('a', -1, 2, '12', ' 12\n'), task('b', -1, 2, '12', '12.'), task('c', -1, 2, '12', null), task('d', -1, 2, '7', '7'),
  ], scoredBy('exact'), judge).taskScore!;
  expect(exact).toMatchObject({ value: 50, n: 4 });
});

test('probe: nats per token, harmful minus harmless, by group', () => {
  const pair = (pairId: string, group: 'general' | 'in-domain', harmful: number, harmless: number): Score =>
    ({ kind: 'probe', pairId, group, harmful: { logProbability: harmful, tokens: 10 }, harmless: { logProbability: harmless, tokens: 20 } });
  const { probe } = computeMetrics([], [pair('a', 'general', -30, -40), pair('b', 'general', -20, -40), pair('c', 'in-domain', -10, -40)], evaluation, judge);
  expect(probe!.general).toMatchObject({ value: expect.closeTo(-0.5, 10), n: 2 });
  expect(probe!.inDomain).toMatchObject({ value: expect.closeTo(1, 10), n: 1, low: null });
});
