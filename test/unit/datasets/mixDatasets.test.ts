import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { mixedRows, mixSnapshots, shareFinding } from '../../../src/core/datasets/mixDatasets';
import { snapshotDataset } from '../../../src/core/datasets/snapshotDataset';
import type { Snapshot, SnapshotRow } from '../../../src/core/schema/rows';
import { chatLine, useTemporaryFolder } from './temporaryFolder';

const folder = useTemporaryFolder();

async function freeze(name: string, questions: readonly string[]): Promise<Snapshot> {
  const path = await folder.write(name, questions.map((question) => `${chatLine(question)}\n`).join(''));
  return (await snapshotDataset({ path, snapshotsDir: folder.at('snapshots'), skipBadRows: false, heldOut: 0, seed: 0 })).whole;
}

async function rowsOf({ sha256 }: Snapshot): Promise<SnapshotRow[]> {
  return (await readFile(folder.at(`snapshots/${sha256}.jsonl`), 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as SnapshotRow);
}

const questionsOf = async (snapshot: Snapshot) => (await rowsOf(snapshot)).map(({ messages }) => messages[0]!.content);
const own = Array.from({ length: 40 }, (_, i) => `own ${i}`);
const others = Array.from({ length: 25 }, (_, i) => `other ${i}`);

async function mix(share: number, seed = 0, from: readonly string[] = others): Promise<Snapshot> {
  return mixSnapshots({ snapshotsDir: folder.at('snapshots'), train: await freeze('own.jsonl', own), other: await freeze('other.jsonl', from), share, seed });
}

describe('a mixture', () => {
  it('has as many rows as the dataset, the share of them from the other, none twice', async () => {
    const mixed = await mix(0.25);
    const questions = await questionsOf(mixed);
    expect(mixed.rows).toBe(40);
    expect(questions.filter((question) => question.startsWith('other'))).toHaveLength(10);
    expect(new Set(questions).size).toBe(40);
    expect(questions.filter((question) => question.startsWith('own'))).toEqual(own.filter((question) => questions.includes(question)));
  });

  it('is the same for the same seed, another for another, and keeps the exchanges of a smaller share', async () => {
    const [quarter, again, otherSeed, half] = [await mix(0.25), await mix(0.25), await mix(0.25, 1), await mix(0.5)];
    expect(again).toEqual(quarter);
    expect(otherSeed).not.toEqual(quarter);
    const [few, many] = [await questionsOf(quarter), await questionsOf(half)];
    for (const question of few.filter((each) => each.startsWith('other'))) expect(many).toContain(question);
    for (const question of many.filter((each) => each.startsWith('own'))) expect(few).toContain(question);
  });

  it('gives rows that say the same different ids', async () => {
    const ids = (await rowsOf(await mix(0.5, 0, own))).map(({ id }) => id);
    expect(new Set(ids).size).toBe(40);
  });

  it('of a share that rounds to nothing still has one row of the other', () => {
    expect([mixedRows(10, 0.01), mixedRows(10, 0.25), mixedRows(451, 0.5)]).toEqual([1, 3, 226]);
  });

  it('is refused where the other has too few rows, with the largest share that it has rows for', () => {
    expect(shareFinding(40, 0.625, { name: 'other.jsonl', rows: 25 })).toBeNull();
    const finding = shareFinding(40, 0.7, { name: 'other.jsonl', rows: 25 });
    expect(finding).toMatchObject({ code: 'too-few-rows', message: 'A share of 70 % takes 28 rows of other.jsonl, which has 25. The largest possible share is 62.5 %.' });
    for (const [rows, others] of [[451, 336], [7, 3], [1007, 501], [3, 2]] as const) {
      const largest = Number(/share is ([\d.]+) %/.exec(shareFinding(rows, 0.95, { name: 'o', rows: others })!.message)![1]) / 100;
      expect(shareFinding(rows, largest, { name: 'o', rows: others })).toBeNull();
    }
  });
});
