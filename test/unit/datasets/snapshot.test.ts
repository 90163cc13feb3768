import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { DatasetError } from '../../../src/core/datasets/datasetError';
import { chooseHeldOut } from '../../../src/core/datasets/heldOutSplit';
import { readSnapshotLines, snapshotPath, writeSnapshot } from '../../../src/core/datasets/snapshot';
import { snapshotDataset, type SnapshotDatasetOptions } from '../../../src/core/datasets/snapshotDataset';
import type { SnapshotRow } from '../../../src/core/schema/rows';
import { chatLine, fixture, places, useTemporaryFolder } from './temporaryFolder';

const folder = useTemporaryFolder();

async function rowsOf(name: string, sha256: string): Promise<SnapshotRow[]> {
  const rows: SnapshotRow[] = [];
  for await (const line of readSnapshotLines(folder.at(name), sha256)) {
    rows.push(JSON.parse(line) as SnapshotRow);
  }
  return rows;
}

const questions = (rows: readonly SnapshotRow[]) => rows.map(({ messages }) => messages[0]!.content);

async function thrown(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(() => null, (error: unknown) => error);
}

describe('writeSnapshot', () => {
  it('stores canonical lines under the hash of the file', async () => {
    const written = await writeSnapshot(folder.at('plain'), [{ b: 1, a: 'ä\u2028' }, { c: null }]);
    const bytes = await readFile(snapshotPath(folder.at('plain'), written.sha256));
    expect(bytes.toString()).toBe('{"a":"ä\u2028","b":1}\n{"c":null}\n');
    expect(written).toEqual({ sha256: createHash('sha256').update(bytes).digest('hex'), rows: 2 });
  });

  it('changes nothing the second time and leaves no other file', async () => {
    const first = await writeSnapshot(folder.at('twice'), [{ a: 1 }]);
    const path = snapshotPath(folder.at('twice'), first.sha256);
    const before = await stat(path);
    expect(await writeSnapshot(folder.at('twice'), [{ a: 1 }])).toEqual(first);
    expect((await stat(path)).ino).toBe(before.ino);
    expect(await readdir(folder.at('twice'))).toEqual([`${first.sha256}.jsonl`]);
  });

  it('replaces a damaged snapshot', async () => {
    const first = await writeSnapshot(folder.at('damaged'), [{ a: 1 }]);
    await writeFile(snapshotPath(folder.at('damaged'), first.sha256), '{');
    await writeSnapshot(folder.at('damaged'), [{ a: 1 }]);
    expect(await readFile(snapshotPath(folder.at('damaged'), first.sha256), 'utf8')).toBe('{"a":1}\n');
  });

  it('leaves nothing behind when the source fails', async () => {
    async function* failing() {
      yield { a: 1 };
      throw new Error('source');
    }
    await expect(writeSnapshot(folder.at('failed'), failing())).rejects.toThrow('source');
    expect(await readdir(folder.at('failed'))).toEqual([]);
  });
});

describe('snapshotDataset', () => {
  const lines = Array.from({ length: 100 }, (_, index) => chatLine(`question ${index % 60}`));

  async function snapshotOf(name: string, options: Partial<SnapshotDatasetOptions> = {}) {
    const path = options.path ?? await folder.write(`${name}.jsonl`, `${lines.join('\n')}\n`);
    return snapshotDataset({ snapshotsDir: folder.at(name), skipBadRows: false, heldOut: 0.2, seed: 7, ...options, path });
  }

  it('splits the rows without a leak, in file order, in the asked sizes', async () => {
    const { format, whole, train, heldOut, skippedRows } = await snapshotOf('split');
    expect({ format, skippedRows, rows: [whole.rows, train.rows, heldOut.rows] }).toEqual({ format: 'messages', skippedRows: 0, rows: [100, 80, 20] });
    const all = await rowsOf('split', whole.sha256);
    const [trained, held] = [await rowsOf('split', train.sha256), await rowsOf('split', heldOut.sha256)];
    const heldQuestions = new Set(questions(held));
    expect(questions(trained).filter((question) => heldQuestions.has(question))).toEqual([]);
    expect(trained).toEqual(all.filter(({ messages }) => !heldQuestions.has(messages[0]!.content)));
    expect(held).toEqual(all.filter(({ messages }) => heldQuestions.has(messages[0]!.content)));
    expect(questions(all)).toEqual(lines.map((line) => (JSON.parse(line) as SnapshotRow).messages[0]!.content));
    expect(new Set(all.map(({ id }) => id)).size).toBe(100);
    expect(all.filter(({ id }) => id.endsWith(':1'))).toHaveLength(40);
  });

  it('is the same each time, other for another seed, and the same rows for another order', async () => {
    const first = await snapshotOf('again');
    expect(await snapshotOf('again')).toEqual(first);
    expect((await snapshotOf('again', { seed: 8 })).heldOut.sha256).not.toBe(first.heldOut.sha256);
    const path = await folder.write('reversed.jsonl', [...lines].reverse().join('\n'));
    const reversed = await snapshotOf('again', { path });
    const sorted = async (sha256: string) => questions(await rowsOf('again', sha256)).sort();
    expect(await sorted(reversed.heldOut.sha256)).toEqual(await sorted(first.heldOut.sha256));
  });

  it('holds nothing out for a share of 0', async () => {
    const { whole, train, heldOut } = await snapshotOf('pool', { heldOut: 0 });
    expect(train).toEqual(whole);
    expect(heldOut.rows).toBe(0);
  });

  it('throws all problems and leaves nothing behind, unless bad rows are skipped', async () => {
    const error = await thrown(snapshotOf('bad', { path: fixture('broken.jsonl') }));
    expect(error).toBeInstanceOf(DatasetError);
    expect(places((error as DatasetError).problems)).toHaveLength(5);
    expect((error as DatasetError).message).toContain('(and 4 more problems)');
    expect(await readdir(folder.at('bad'))).toEqual([]);
    expect(await snapshotOf('bad', { path: fixture('broken.jsonl'), skipBadRows: true })).toMatchObject({ skippedRows: 5, whole: { rows: 2 }, train: { rows: 1 }, heldOut: { rows: 1 } });
  });

  it('does not skip what is wrong with the file itself', async () => {
    const path = await folder.write('open.json', `[${chatLine('a')},]`);
    expect(places((await thrown(snapshotOf('open', { path, skipBadRows: true })) as DatasetError).problems)).toEqual(['1 invalid-json']);
  });

  it('refuses a file without a usable row', async () => {
    const path = await folder.write('none.jsonl', '5\n');
    expect(places((await thrown(snapshotOf('none', { path, skipBadRows: true })) as DatasetError).problems)).toEqual(['1 not-an-object', '1 no-valid-rows']);
  });

  it('leaves lines out and keeps the identity of the others', async () => {
    const { whole, skippedRows } = await snapshotOf('exclude', { excludeLines: new Set([1, 2]) });
    const rows = await rowsOf('exclude', whole.sha256);
    expect([whole.rows, skippedRows]).toEqual([98, 2]);
    expect(rows.find(({ messages }) => messages[0]!.content === 'question 0')!.id).toMatch(/:1$/);
  });

  it('refuses a file that changes while it is read', async () => {
    const path = await folder.write('changing.jsonl', `${chatLine('a')}\n`);
    const onProgress = () => appendFileSync(path, ' ');
    expect(places((await thrown(snapshotOf('changing', { path, onProgress: once(onProgress) })) as DatasetError).problems)).toEqual(['1 file-changed']);
  });
});

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) {
      done = true;
      action();
    }
  };
}

describe('chooseHeldOut', () => {
  const rows = (...counts: number[]) => new Map(counts.map((count, index) => [`h${index}`, count]));

  it('reaches the share in rows', () => {
    for (const share of [0.1, 0.25, 0.5, 0.9]) {
      expect(chooseHeldOut(rows(...Array<number>(200).fill(1)), share, 0).size).toBe(200 * share);
    }
  });

  it('holds out one row at least and leaves one at least', () => {
    expect(chooseHeldOut(rows(1, 1), 0.1, 0).size).toBe(1);
    expect(chooseHeldOut(rows(1, 1), 0.9, 0).size).toBe(1);
    expect(chooseHeldOut(rows(1), 0.5, 0).size).toBe(0);
    expect([...chooseHeldOut(rows(9, 5, 7), 0.1, 0)]).toEqual(['h1']);
  });
});
