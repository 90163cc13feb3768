import { describe, expect, it, test } from 'vitest';
import { estimate } from '../../../src/core/evaluation/estimate';
import { choicesOf } from '../../../src/core/evaluation/scorers/multipleChoice';
import { lastNumber } from '../../../src/core/evaluation/scorers/numeric';
import { firstCapture, patternRefusal } from '../../../src/core/evaluation/scorers/regex';
import { expectedAnswerOf } from '../../../src/core/evaluation/scorers/scorer';
import { measureTaskScore, scoringRefusal } from '../../../src/core/evaluation/scorers/taskScore';
import type { Score } from '../../../src/core/schema/evaluation';
import { taskScoring } from '../../../src/core/schema/taskScoring';

type Line = Extract<Score, { kind: 'task' }>;

const line = (expected: string | null, answer: string | null, more: Partial<Line> = {}): Line =>
  ({ kind: 'task', rowId: `${expected} ${answer} ${JSON.stringify(more)}`, logProbability: -10, tokens: 10, expected, answer, ...more });

/** The share of right answers, in percent. */
const score = (written: object, ...lines: Line[]) => estimate([measureTaskScore(lines, taskScoring.parse(written))]).value;
const isRight = (written: object, expected: string, answer: string | null) => score(written, line(expected, answer)) === 100;
const refusal = (written: object, expected: string, question = '') => scoringRefusal({ question, expected }, taskScoring.parse(written));

test('likelihood: rows weigh by their tokens, and nothing that is written is looked at', () => {
  expect(score({ scorer: 'likelihood' }, line(null, null), line('a', 'b', { logProbability: -30, tokens: 20 }))).toBeCloseTo(100 * Math.exp(-40 / 30), 10);
});

test.each([
  ['12', ' 12\n', true], ['12', '12.', false], ['Yes', 'yes', false], [' a b ', 'a b', true], ['a', null, false],
])('exact: %j expected, %j answered: %s', (expected, answer, right) => {
  expect(isRight({ scorer: 'exact' }, expected, answer)).toBe(right);
});

describe('numeric', () => {
  it.each([
    ['The answer is 7.', 7], ['1,234.5 apples', 1234.5], ['$1,234.', 1234], ['-3', -3], ['\u221212 °C', -12], ['5-3', 3], ['.5', 0.5],
    ['6.02e23', 6.02e23], ['3 + 4 = 7', 7], ['#### 42', 42], ['10 %', 10], ['v2.0', null], ['H2O', null], ['none', null], ['', null],
    ['1,000,000', 1_000_000], ['12,34', 34], ['the 3rd', 3],
  ])('reads %j as %s', (text, number) => {
    expect(lastNumber(text)).toBe(number);
  });

  it.each([
    [{}, '7', 'It is 7.', true], [{}, '7', '7.0', true], [{}, '7', '7.01', false], [{}, '7', 'seven', false], [{}, '7', null, false],
    [{ tolerance: 0.01 }, '0.3', '0.31', true], [{ tolerance: 0.01 }, '0.3', '0.3101', false],
    [{ relativeTolerance: 0.05 }, '200', '191', true], [{ relativeTolerance: 0.05 }, '200', '189', false], [{ relativeTolerance: 0.05 }, '-200', '-209', true],
  ])('with %j: %j expected, %j answered: %s', (options, expected, answer, right) => {
    expect(isRight({ scorer: 'numeric', ...options }, expected, answer)).toBe(right);
  });

  it('names what a row lacks', () => {
    expect(refusal({ scorer: 'numeric' }, 'no number here')).toMatch(/no number.*leave it out/);
    expect(refusal({ scorer: 'numeric' }, '4')).toBeNull();
  });

  it('reads a very long answer at once', () => {
    const start = performance.now();
    expect(lastNumber(`${'1,'.repeat(50_000)}${'9'.repeat(100_000)}`)).toBeNull();
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('regex', () => {
  const answer = { scorer: 'regex', pattern: 'answer: *(\\w+)' };

  it.each([
    [{}, 'answer: Rome', 'I say answer:Rome, surely. answer: Oslo', true], [{}, 'answer: Rome', 'answer: rome', false],
    [{ ignoreCase: true }, 'answer: Rome', 'ANSWER: Rome', true], [{ ignoreCase: true }, 'answer: Rome', 'answer: rome', false],
    [{}, 'answer: Rome', 'Rome', false], [{}, 'Rome', 'Rome', false],
  ])('with %j: %j expected, %j answered: %s', (options, expected, given, right) => {
    expect(isRight({ ...answer, ...options }, expected, given)).toBe(right);
  });

  it('takes the first group of the first match', () => {
    expect(firstCapture('a1b2 a3b4', { pattern: 'a(\\d)b(\\d)', ignoreCase: false })).toBe('1');
    expect(firstCapture('b', { pattern: '(a)|b', ignoreCase: false })).toBeNull();
    expect(firstCapture('名前：東京 ', { pattern: '名前：(.*)', ignoreCase: false })).toBe('東京');
  });

  it.each([
    ['(', /no regular expression/], ['a+', /has no group/], ['(?<=a)(b)', /RE2 syntax/], ['(a)\\1', /RE2 syntax/], ['(a{1000}){1000}', /no regular expression/],
  ])('refuses %j', (pattern, message) => {
    expect(patternRefusal({ pattern, ignoreCase: false })).toMatch(message);
  });

  it('ends in time linear in the text, whatever the pattern', () => {
    const start = performance.now();
    for (const pattern of ['(a+)+$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(a|aa)+$', '(.*a){20}$']) {
      expect(patternRefusal({ pattern, ignoreCase: false })).toBeNull();
      firstCapture(`${'a'.repeat(20_000)}!`, { pattern, ignoreCase: false });
    }
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it('names a row that the pattern captures nothing from', () => {
    expect(refusal(answer, 'Rome')).toMatch(/captures nothing/);
    expect(refusal(answer, 'answer: Rome')).toBeNull();
  });
});

test.each([
  [{}, 'Rome', 'I think rome is right', true], [{}, 'Rome', 'Romeo', false], [{ wholeWords: false }, 'Rome', 'Romeo', true],
  [{ ignoreCase: false }, 'Rome', 'rome', false], [{}, '4', '14 or 41', false], [{}, '4', 'it is 4!', true], [{}, '4', '14, no, 4', true],
  [{}, 'c++', 'I write C++.', true], [{}, 'Zoë', 'zoe\u0308 came', true], [{}, '東京', '私は東京に住む', false], [{ wholeWords: false }, '東京', '私は東京に住む', true],
  [{}, 'a', null, false],
])('contains, with %j: %j expected, %j answered: %s', (options, expected, answer, right) => {
  expect(isRight({ scorer: 'contains', ...options }, expected, answer)).toBe(right);
});

describe('multiple choice', () => {
  const question = 'Which city? Not this: A. is a letter\n\n A) Paris\n(B) Rome\nC. New York ';
  const choices = (...means: number[]) => means.map((mean, i) => ({ text: 'ABC'[i]!, logProbability: 2 * mean, tokens: 2 }));

  it.each([
    ['B', ['A', 'B', 'C']], [' B\n', ['A', ' B\n', 'C']], ['C)', ['A)', 'B)', 'C)']], ['Rome', ['Paris', 'Rome', 'New York']],
    ['A) Paris', ['A) Paris', '(B) Rome', 'C. New York']], ['B) Rome', ['A) Paris', 'B) Rome', 'C) New York']], ['D', null], ['rome', null],
  ])('reads the choices in the question as %j is written', (expected, list) => {
    expect(choicesOf({ question, expected }, {})).toEqual(list);
  });

  it('takes the last list that counts up', () => {
    expect(choicesOf({ question: 'Example:\na) x\nb) y\nNow:\n1. red\n2. blue\n4. green', expected: 'blue' }, {})).toEqual(['red', 'blue']);
    expect(choicesOf({ question: 'a) x', expected: 'a' }, {})).toBeNull();
    expect(choicesOf({ question: 'a) same\nb) same', expected: 'same' }, {})).toBeNull();
  });

  it('or the choices of the experiment', () => {
    expect(choicesOf({ question: '', expected: 'no ' }, { choices: ['yes', 'no'] })).toEqual(['yes', 'no ']);
    expect(refusal({ scorer: 'multiple-choice', choices: ['yes', 'no'] }, 'perhaps')).toMatch(/yes, no/);
    expect(refusal({ scorer: 'multiple-choice' }, 'B', question)).toBeNull();
    expect(refusal({ scorer: 'multiple-choice' }, 'B', 'Which city?')).toMatch(/one a line/);
  });

  it('is right where the expected choice is the likeliest per token', () => {
    expect(score({ scorer: 'multiple-choice' },
      line('B', null, { choices: choices(-2, -1, -3) }), line('A', null, { choices: choices(-2, -1, -3) }),
      line('A', null, { choices: [{ text: 'A', logProbability: -6, tokens: 6 }, { text: 'B', logProbability: -3, tokens: 2 }] }), line('A', null),
    )).toBe(50);
  });
});

test('the last answer counts, and the question before it', () => {
  const turn = (role: 'user' | 'assistant' | 'system', content: string) => ({ role, content });
  expect(expectedAnswerOf([turn('system', 's'), turn('user', 'a'), turn('assistant', '1'), turn('user', 'b'), turn('assistant', '2'), turn('user', 'c')]))
    .toEqual({ question: 'b', expected: '2' });
});
