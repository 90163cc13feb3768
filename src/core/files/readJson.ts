import { readFile } from 'node:fs/promises';
import type { z } from 'zod';

/** Whether a failed file operation failed because the file is not there. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

/** Reads and checks a JSON file; the error names the file and what is wrong with it. */
export async function readJson<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
  const text = await readFile(path, 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is no JSON: ${(error as Error).message}`);
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new Error(`${path}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'does not fit its schema'}`);
  }
  return result.data;
}

/** As readJson, but `null` where there is no such file. */
export async function readJsonIfPresent<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T> | null> {
  try {
    return await readJson(path, schema);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
