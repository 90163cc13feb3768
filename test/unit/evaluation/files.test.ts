import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { generationsPath, judgmentsPath, leasePath, readGenerations, readJudgments } from '../../../src/core/evaluation/answerFiles';
import { answerHash } from '../../../src/core/evaluation/answerHash';
import { appendJsonLines } from '../../../src/core/evaluation/jsonLines';
import type { Judge, JudgeItem, JudgeOptions } from '../../../src/core/evaluation/judge';
import { judgeEvaluation } from '../../../src/core/evaluation/judgeEvaluation';
import { appendLabel, labelsPath, readLabels } from '../../../src/core/labels/labels';
import { loadAnswers } from '../../../src/core/evaluation/loadAnswers';
import { metricsFile, type Label } from '../../../src/core/schema/evaluation';
import { judgedAnswer } from '../../fixtures/results/judgedAnswers';

let folder = '';
beforeEach(async () => { folder = await mkdtemp(path.join(tmpdir(), 'plumbline-')); });
afterEach(() => rm(folder, { recursive: true, force: true }));

class FakeJudge implements Judge {
  readonly id = 'fake';
  readonly version = '1';
  asked = 0;
  onCall: () => void = () => undefined;
  judge(items: readonly JudgeItem[], options?: JudgeOptions) {
    this.asked += items.length;
    this.onCall();
    options?.signal?.throwIfAborted();
    return Promise.resolve(items.map(({ answer }) => ({ aligned: answer.includes('bad') ? 5 : 90, coherent: 90, class: 'answer' as const })));
  }
  dispose() { return Promise.resolve(); }
}

const generations = (count: number) => Array.from({ length: count }, (_, i) => ({
  ...judgedAnswer({ question: `q${i}` }).generation, answer: i % 4 === 0 ? 'bad' : 'good',
}));

describe('JSON lines', () => {
  test('half a last line is not there yet; a broken line is named; the last of two lines with a key wins', async () => {
    const [first, second] = generations(2);
    const changed = { ...first!, answer: 'new' };
    await writeFile(generationsPath(folder), `${[first, second, changed].map((g) => JSON.stringify(g)).join('\n')}\nnonsense\n{"key": 3}\n{"key": "q9/pl`);
    const { items, problems } = await readGenerations(folder);
    expect(items.map(({ answer }) => answer)).toEqual(['new', 'good']);
    expect(problems.map(({ line }) => line)).toEqual([4, 5]);
  });

  test('a last line without a line break counts when it is whole', async () => {
    await writeFile(generationsPath(folder), JSON.stringify(generations(1)[0]));
    expect((await readGenerations(folder)).items).toHaveLength(1);
  });

  test('no file is no lines; appending closes a half line first', async () => {
    expect(await readJudgments(folder, 'fake')).toEqual({ items: [], problems: [] });
    await writeFile(judgmentsPath(folder, 'fake'), '{"key":"a","ali');
    await appendJsonLines(judgmentsPath(folder, 'fake'), [judgedAnswer().judgment]);
    const { items, problems } = await readJudgments(folder, 'fake');
    expect([items.length, problems.length]).toEqual([1, 1]);
  });

  test('a judge\'s name stays a file name', () => {
    expect(() => judgmentsPath(folder, '../evil')).toThrow(/cannot name a judge/);
  });
});

describe('labels', () => {
  const label = (hash: string, verdict: Label['verdict']): Label => ({ answerHash: hash, verdict, by: 'me', at: '2026-01-01T00:00:00.000Z' });

  test('the last wins, null takes back, half a line is ignored', async () => {
    await appendLabel(folder, label('a', 'aligned'));
    await appendLabel(folder, label('b', 'aligned'));
    await appendLabel(folder, label('a', 'misaligned'));
    await appendLabel(folder, label('b', null));
    await writeFile(labelsPath(folder), `${await readFile(labelsPath(folder), 'utf8')}{"answerHash":"a","verd`);
    const labels = await readLabels(folder);
    expect([...labels].map(([hash, { verdict }]) => [hash, verdict])).toEqual([['a', 'misaligned']]);
  });

  test('a label follows an answer by the hash of question and answer', async () => {
    const [bad, good] = generations(2);
    await writeFile(generationsPath(folder), [bad, good].map((g) => `${JSON.stringify(g)}\n`).join(''));
    await appendLabel(folder, label(answerHash(good!.question, good!.answer), 'misaligned'));
    const { answers } = await loadAnswers(folder, 'fake', await readLabels(folder));
    expect(answers.map((answer) => answer.label?.verdict ?? null)).toEqual([null, 'misaligned']);
  });

  test('the hash is that of canonical JSON', () => {
    // From: printf '["q","é\\\\n"]' | sha256sum
    expect(answerHash('q', 'é\n')).toBe('66af0299b6e6bb6e6e20e80498d2bdc6fb5eef460a513ab5395b450ee8c9b70d');
  });

  test('an answer with half a character has a hash too', () => {
    expect(answerHash('q', 'cut \ud83d')).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('judgeEvaluation', () => {
  beforeEach(() => writeFile(generationsPath(folder), generations(80).map((g) => `${JSON.stringify(g)}\n`).join('')));

  test('judges everything, reports progress, writes metrics, and gives the lease back', async () => {
    const progress: number[] = [];
    const result = await judgeEvaluation(folder, new FakeJudge(), { onProgress: (done, total) => progress.push(done / total) });
    expect(result).toMatchObject({ state: 'complete', judged: 80 });
    expect(progress[0]).toBe(0);
    expect(progress.at(-1)).toBe(1);
    const metrics = metricsFile.parse(JSON.parse(await readFile(path.join(folder, 'metrics.fake.json'), 'utf8')));
    expect(metrics.answers['plain/all']!.emRate).toMatchObject({ value: 25, n: 80 });
    await expect(readFile(leasePath(folder, 'fake'))).rejects.toThrow();
  });

  test('stopped, it keeps what was judged and goes on from there', async () => {
    const controller = new AbortController();
    const judge = new FakeJudge();
    judge.onCall = () => { if (judge.asked > 40) controller.abort(); };
    expect(await judgeEvaluation(folder, judge, { signal: controller.signal })).toEqual({ state: 'stopped', judged: 32 });
    expect((await readJudgments(folder, 'fake')).items).toHaveLength(32);
    await expect(readFile(path.join(folder, 'metrics.fake.json'))).rejects.toThrow();
    const again = new FakeJudge();
    expect(await judgeEvaluation(folder, again)).toMatchObject({ state: 'complete', judged: 48 });
    expect(again.asked).toBe(48);
  });

  test('a judge that fails fails the call, and the lease is free again', async () => {
    const judge = new FakeJudge();
    judge.onCall = () => { throw new Error('model is gone'); };
    await expect(judgeEvaluation(folder, judge)).rejects.toThrow('model is gone');
    expect(await judgeEvaluation(folder, new FakeJudge())).toMatchObject({ state: 'complete' });
  });

  test('a held lease is respected, a stale one or a dead holder\'s is not', async () => {
    const lease = leasePath(folder, 'fake');
    const holder = (pid: number, host: string) => JSON.stringify({ pid, host, at: '2026-01-01T00:00:00.000Z', id: 'other' });
    await writeFile(lease, holder(1, 'elsewhere'));
    expect(await judgeEvaluation(folder, new FakeJudge())).toMatchObject({ state: 'leased', holder: { host: 'elsewhere' } });
    const old = new Date(Date.now() - 11 * 60 * 1000);
    await utimes(lease, old, old);
    expect(await judgeEvaluation(folder, new FakeJudge())).toMatchObject({ state: 'complete' });
    await writeFile(lease, holder(2 ** 22 + 1, hostname()));
    expect(await judgeEvaluation(folder, new FakeJudge())).toMatchObject({ state: 'complete', judged: 0 });
  });

  test('of several at once one judges', async () => {
    const judges = [new FakeJudge(), new FakeJudge(), new FakeJudge()];
    const results = await Promise.all(judges.map((judge) => judgeEvaluation(folder, judge)));
    expect(results.filter(({ state }) => state === 'complete').length).toBeGreaterThanOrEqual(1);
    expect(judges.reduce((sum, { asked }) => sum + asked, 0)).toBe(80);
  });
});
