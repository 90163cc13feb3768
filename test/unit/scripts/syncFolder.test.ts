import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listFiles, syncFolder } from '../../../scripts/lib/syncFolder.mjs';

it('copies what changed, leaves the rest alone and removes what is gone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-sync-'));
  const from = join(folder, 'from');
  const to = join(folder, 'to');
  await mkdir(join(from, 'deep'), { recursive: true });
  await writeFile(join(from, 'same.txt'), 'same');
  await writeFile(join(from, 'deep/changed.txt'), 'old');
  await writeFile(join(from, 'gone.txt'), 'gone');
  await writeFile(join(from, 'left-out.pyc'), 'x');
  const keep = (path: string) => !path.endsWith('.pyc');

  await syncFolder(from, to, keep);
  expect(await listFiles(to)).toEqual(['deep/changed.txt', 'gone.txt', 'same.txt']);
  const before = await stat(join(to, 'same.txt'));

  await writeFile(join(from, 'deep/changed.txt'), 'new');
  await rm(join(from, 'gone.txt'));
  await syncFolder(from, to, keep);
  expect(await listFiles(to)).toEqual(['deep/changed.txt', 'same.txt']);
  expect(await readFile(join(to, 'deep/changed.txt'), 'utf8')).toBe('new');
  expect((await stat(join(to, 'same.txt'))).mtimeMs).toBe(before.mtimeMs);
  await rm(folder, { recursive: true });
});
