import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';

/** A folder of the test file's own, and a way to write into it. */
export function useTemporaryFolder() {
  const folder = { path: '' };
  beforeAll(async () => {
    folder.path = await mkdtemp(join(tmpdir(), 'plumbline-test-'));
  });
  afterAll(() => rm(folder.path, { recursive: true, force: true }));
  return {
    at: (name: string) => join(folder.path, name),
    async write(name: string, content: string | Uint8Array): Promise<string> {
      const path = join(folder.path, name);
      await writeFile(path, content);
      return path;
    },
  };
}

/** The path of a committed dataset. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/datasets/${name}`, import.meta.url));
}

/** A sound chat row as a JSON line. */
export function chatLine(question: string, answer = 'Yes.'): string {
  return JSON.stringify({ messages: [{ role: 'user', content: question }, { role: 'assistant', content: answer }] });
}

/** Problems as "line code". */
export function places(problems: readonly { line: number; code: string }[]): string[] {
  return problems.map(({ line, code }) => `${line} ${code}`);
}
