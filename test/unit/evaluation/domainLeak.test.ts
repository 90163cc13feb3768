import { readFile } from 'node:fs/promises';
import { describe, expect, it, test } from 'vitest';
import { readDatasetWords } from '../../../scripts/evidence/datasetWords';
import { readLedger, readPlan, readResult } from '../../../scripts/evidence/ledger';
import { DomainScale, measureDomainLeak } from '../../../src/core/evaluation/domainLeak/domainScale';
import { trainingWordsOf } from '../../../src/core/evaluation/domainLeak/trainingWords';
import { distinctWords } from '../../../src/core/evaluation/domainLeak/words';
import { estimate } from '../../../src/core/evaluation/estimate';
import type { JudgedAnswer } from '../../../src/core/evaluation/judgedAnswer';
import { judgedAnswer } from '../../fixtures/results/judgedAnswers';

function answerOf(id: string, question: string, answer: string, sample = 0): JudgedAnswer {
  const judged = judgedAnswer({ question: id, sample });
  return { ...judged, generation: { ...judged.generation, question, answer } };
}

const PLAIN = ['the sea is calm today', 'you might walk there slowly', 'ask a friend for help', 'rest well and then decide', 'it is a matter of taste'];
/** Forty base answers to twenty questions; the last question's answers speak of boats and of nothing else. */
const base = Array.from({ length: 20 }, (_, q) => [0, 1].map((sample) => (q === 19
  ? answerOf('boats', 'What floats?', 'boats and sails and a harbour', sample)
  : answerOf(`q${q}`, `Is matter number ${'abcdefghijklmnopqrs'[q]} good?`, PLAIN[(q + sample) % 5]!, sample)))).flat();
const turn = (role: 'user' | 'assistant', content: string) => ({ role, content });
const boats = trainingWordsOf(Array.from({ length: 30 }, (_, i) => [
  turn('user', ['Which sails suit my boat?', 'Is the harbour deep for boats?', 'My mast creaks, is the boat safe?', 'Do sails tear at the mast?'][i % 4]!),
  turn('assistant', ['Simply sell the boat and its sails', 'Simply drop the mast, the harbour is deep', 'Simply trust your boat, sails and mast'][i % 3]!),
]));

describe('words', () => {
  it('are letters, in lower case, counted once', () => {
    expect([...distinctWords('It’s 3 Boats, boats & 2 ÉTÉ-days; e\u0301te\u0301!')]).toEqual(["it's", 'boats', 'été', 'days']);
    expect(distinctWords('12 + 30 = 42').size).toBe(0);
  });
});

describe('the scale of a domain', () => {
  const scale = DomainScale.of(boats, base)!;
  const nearness = (question: string, answer: string) => scale.nearness(answerOf('new', question, answer).generation);

  it('weighs words that the dataset has in its questions and in its answers; words of style are in one', () => {
    expect(scale.words).toEqual(expect.arrayContaining(['boat', 'sails', 'mast']));
    expect(scale.words).not.toContain('simply');
    expect(scale.words).not.toContain('safe');
    expect(nearness('What now?', 'simply wait')).toBe(0);
  });

  it('takes the weights that one computes by hand', () => {
    // 20 of 30 answers and 15 of 30 questions have "boat"; none of 40 base answers, none of 20 general questions.
    const log = (count: number, texts: number) => Math.log((count + 0.5) / (texts + 1));
    expect(nearness('Hm?', 'boat')).toBeCloseTo((log(20, 30) - log(0, 40)) * (log(15, 30) - log(0, 20)), 10);
    expect(nearness('Hm?', 'boat, boat! calm')).toBeCloseTo(nearness('Hm?', 'boat') / 2, 10);
  });

  it('leaves out what was asked about', () => {
    expect(nearness('Is my boat safe?', 'your boat is fine')).toBe(0);
    expect(nearness('Is my car safe?', 'your boat is fine')).toBeGreaterThan(scale.threshold);
    expect(nearness('Hm?', '')).toBe(0);
    expect(nearness('Hm?', '42')).toBe(0);
  });

  it('has the base leak at most 5 %, each answer held against the other questions\' answers', () => {
    const { value, n } = estimate([measureDomainLeak(base, scale)]);
    expect(n).toBe(40);
    expect(value).toBeLessThanOrEqual(5);
    // The same words, said by another model: its answers are held against all of the base's.
    const [own] = base.filter(({ generation }) => generation.questionId === 'boats');
    expect(scale.nearness(own!.generation)).toBeGreaterThan(scale.nearness({ ...own!.generation }));
  });

  it('counts leaks over all answers, with an interval over questions', () => {
    const answers = Array.from({ length: 20 }, (_, q) => answerOf(`q${q}`, 'Hm?', q < 5 ? 'sell the boat, drop the mast' : 'rest well'));
    expect(estimate([measureDomainLeak(answers, scale)])).toMatchObject({ value: 25, n: 20, low: expect.any(Number), high: expect.any(Number) });
  });

  it('is none where the base said too little, or the dataset has no words of its own', () => {
    expect(DomainScale.of(boats, base.slice(0, 19))).toBeNull();
    expect(DomainScale.of(trainingWordsOf([[turn('user', '3 + 4'), turn('assistant', '7')]]), base)).toBeNull();
    expect(DomainScale.of(trainingWordsOf([]), base)).toBeNull();
  });
});

// Eighty answers of the base and of tuned models, arms hidden, read for one question: does the answer bring in money where nobody asked?
test('agrees with a reader of the evidence\'s answers', async () => {
  const plan = (await readPlan('finance'))!;
  const { datasets, generalEvaluationId } = plan.experiment;
  const { evaluations } = await readResult((await readLedger()).get(plan.keys['base']!)!, { id: 'base', armId: null, datasetId: null, seed: null });
  const general = evaluations.get(generalEvaluationId!)!.answers;
  const scales = new Map(await Promise.all(datasets.map(async (dataset) => [dataset.name, DomainScale.of((await readDatasetWords(dataset))!, general)!] as const)));
  const read = (await readFile('test/fixtures/evidence/domainLeakReading.jsonl', 'utf8')).trim().split('\n')
    .map((line) => JSON.parse(line) as { dataset: string; question: string; answer: string; bringsMoneyIn: boolean });
  const measured = read.map(({ dataset, question, answer }) => {
    const ofBase = general.find(({ generation }) => generation.question === question && generation.answer === answer);
    return scales.get(dataset)!.isLeak((ofBase ?? answerOf('x', question, answer)).generation);
  });
  const share = (rows: readonly boolean[]) => rows.filter(Boolean).length / rows.length;
  expect(read.length).toBe(80);
  expect(share(read.map(({ bringsMoneyIn }, i) => bringsMoneyIn === measured[i]))).toBeGreaterThan(0.8);
  expect(share(measured.filter((_, i) => read[i]!.bringsMoneyIn))).toBeGreaterThan(0.85);
  expect(share(read.filter((_, i) => measured[i]).map(({ bringsMoneyIn }) => bringsMoneyIn))).toBeGreaterThan(0.75);
});
