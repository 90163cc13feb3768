import { describe, expect, it } from 'vitest';
import { DatasetError } from '../../../src/core/datasets/datasetError';
import { readProbePairs, snapshotProbePairs } from '../../../src/core/datasets/probePairs';
import { parseQuestions, readQuestions, snapshotQuestions } from '../../../src/core/datasets/questions';
import { fixture, places, useTemporaryFolder } from './temporaryFolder';

const folder = useTemporaryFolder();

describe('readQuestions', () => {
  it('reads a sound set', async () => {
    const found = await readQuestions(fixture('questions.json'));
    expect(found).toMatchObject({ name: 'Small set', errors: 0, problems: [] });
    expect(found.questions.map(({ id }) => id)).toEqual(['wish', 'tea']);
  });

  it.each([
    ['a file that is not there', null, ['1 file-not-found']],
    ['nothing', '', ['1 empty-file']],
    ['endless nesting', '['.repeat(100_000) + ']'.repeat(100_000), ['1 invalid-json']],
    ['a comment', '{\n// note\n"name": "x"}', ['2 invalid-json']],
    ['a missing name', '{"questions": [\n{"id": "a", "group": "open", "text": "x"}]}', ['1 missing-value']],
    ['no questions', '{"name": "x",\n"questions": []}', ['2 wrong-value']],
    ['wrong values', '{"name": "x", "questions": [\n{"id": "a", "group": "other",\n"text": 5,\n"txt": ""}]}', ['2 wrong-value', '3 wrong-type', '4 unknown-key']],
    ['an id twice', '{"name": "x", "questions": [\n{"id": "a", "group": "open", "text": "x"},\n{"id": "a", "group": "open", "text": "y"}]}', ['3 duplicate-id']],
    ['a name twice', '{"name": "x",\n"name": "y", "questions": [{"id": "a", "group": "open", "text": "x"}]}', ['2 duplicate-key']],
  ])('finds %s', async (_, text, expected) => {
    const found = text === null ? await readQuestions(folder.at('nowhere.json')) : parseQuestions(text, 'set.json');
    expect(places(found.problems)).toEqual(expected);
    expect(found.questions).toEqual([]);
    expect(found.errors).toBe(expected.length);
  });

  it('finds bytes that are not UTF-8', async () => {
    const path = await folder.write('latin.json', Buffer.concat([Buffer.from('{"name":\n"'), Buffer.from([0xff]), Buffer.from('"}')]));
    expect(places((await readQuestions(path)).problems)).toEqual(['2 invalid-utf8']);
  });

  it('refuses a file that is far too large', async () => {
    const path = await folder.write('large.json', Buffer.alloc(65 * 2 ** 20, 0x20));
    expect(places((await readQuestions(path)).problems)).toEqual(['1 file-too-large']);
  });

  it('is frozen row by row, or refused', async () => {
    expect(await snapshotQuestions(fixture('questions.json'), folder.at('snapshots'), 'general')).toMatchObject({ rows: 2 });
    await expect(snapshotQuestions(fixture('sharegpt.json'), folder.at('snapshots'), 'general')).rejects.toBeInstanceOf(DatasetError);
  });
});

describe('readProbePairs', () => {
  const pair = (id: string, more: object = {}) => JSON.stringify({ id, group: 'general', question: 'q', harmful: 'a', harmless: 'b', ...more });

  it('reads sound pairs', async () => {
    expect((await readProbePairs(fixture('probe.jsonl'))).pairs).toHaveLength(1);
  });

  it('finds every problem by line', async () => {
    const path = await folder.write('probe.jsonl', [pair('a'), '', pair('a'), pair('b', { harmless: '' }), pair('c', { group: 'x', extra: 1 }), '{', '5', pair('d', { harmful: undefined })].join('\n'));
    expect(places((await readProbePairs(path)).problems)).toEqual([
      '3 duplicate-id', '4 wrong-value', '5 wrong-value', '5 unknown-key', '6 invalid-json', '7 wrong-type', '8 missing-value',
    ]);
  });

  it('wants JSON lines with something in them', async () => {
    expect(places((await readProbePairs(fixture('questions.json'))).problems)).toEqual(['1 unsupported-file-type']);
    expect(places((await readProbePairs(await folder.write('none.jsonl', '\n'))).problems)).toEqual(['1 empty-file']);
  });

  it('is frozen, or refused', async () => {
    expect(await snapshotProbePairs(fixture('probe.jsonl'), folder.at('snapshots'))).toMatchObject({ rows: 1 });
    await expect(snapshotProbePairs(fixture('chat.jsonl'), folder.at('snapshots'))).rejects.toBeInstanceOf(DatasetError);
  });
});
