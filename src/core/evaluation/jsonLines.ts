import { promises as fs } from 'node:fs';
import { z } from 'zod';

export interface JsonLinesProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface JsonLines<T> {
  readonly items: T[];
  readonly problems: JsonLinesProblem[];
}

/** Reads a JSON lines file that somebody may be appending to: no file is no lines, half a last line is not there yet, a line that cannot be read is a problem. */
export async function readJsonLines<T>(file: string, schema: z.ZodType<T>): Promise<JsonLines<T>> {
  const lines = (await readIfThere(file)).split('\n');
  const unfinished = lines.pop() ?? '';
  const result: JsonLines<T> = { items: [], problems: [] };
  lines.forEach((line, index) => parseLine(file, line, index + 1, schema, result));
  const last: JsonLines<T> = { items: [], problems: [] };
  parseLine(file, unfinished, lines.length + 1, schema, last);
  result.items.push(...last.items);
  return result;
}

function parseLine<T>(file: string, text: string, line: number, schema: z.ZodType<T>, into: JsonLines<T>): void {
  if (text.trim() === '') {
    return;
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    into.problems.push({ file, line, message: 'not JSON' });
    return;
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) {
    into.items.push(parsed.data);
  } else {
    into.problems.push({ file, line, message: z.prettifyError(parsed.error) });
  }
}

async function readIfThere(file: string): Promise<string> {
  try {
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return '';
    }
    throw error;
  }
}

/** Appends lines in one write; a half line that a killed writer left is closed first. */
export async function appendJsonLines(file: string, items: readonly unknown[]): Promise<void> {
  if (items.length === 0) {
    return;
  }
  const handle = await fs.open(file, 'a+');
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (size > 0) {
      await handle.read(last, 0, 1, size - 1);
    }
    const start = size > 0 && last[0] !== 0x0a ? '\n' : '';
    await handle.appendFile(start + items.map((item) => `${JSON.stringify(item)}\n`).join(''), 'utf8');
  } finally {
    await handle.close();
  }
}
