import { open } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { isRowObject } from '../datasets/datasetFormat';
import { isFile } from '../datasets/fileBytes';

export type FileKind = 'experiment' | 'defense' | 'judge' | 'persona' | 'questions' | 'probe' | 'dataset';

const PEEKED_BYTES = 1 << 16;

/** What a file is, by its name, and where that does not tell, by how it begins. */
export async function detectFileKind(path: string): Promise<FileKind> {
  const name = basename(path).toLowerCase();
  if (name.endsWith('.experiment.json')) {
    return 'experiment';
  }
  if (name.endsWith('.defense.json')) {
    return 'defense';
  }
  if (name.endsWith('.judge.json')) {
    return 'judge';
  }
  if (name.endsWith('.persona.json')) {
    return 'persona';
  }
  switch (extname(name)) {
    case '.json':
      return looksLikeQuestions(await beginningOf(path)) ? 'questions' : 'dataset';
    case '.jsonl':
      return looksLikeProbe(await beginningOf(path)) ? 'probe' : 'dataset';
    case '.yaml':
    case '.yml':
      return 'questions';
    default:
      return 'dataset';
  }
}

function looksLikeQuestions(text: string): boolean {
  return text.startsWith('{') && /"questions"\s*:/.test(text);
}

/** One of the first rows tells: the very first may be the broken one. */
function looksLikeProbe(text: string): boolean {
  return text.split('\n').slice(0, 20).some((line) => {
    try {
      const row: unknown = JSON.parse(line);
      return isRowObject(row) && 'harmful' in row && 'harmless' in row;
    } catch {
      return false;
    }
  });
}

/** Empty where the file cannot be read: whoever reads it next says why. */
async function beginningOf(path: string): Promise<string> {
  // Asked first, because opening a named pipe would wait for a writer.
  if (!await isFile(path)) {
    return '';
  }
  try {
    const handle = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(PEEKED_BYTES), 0, PEEKED_BYTES, 0);
      return buffer.toString('utf8', 0, bytesRead).replace(/^\uFEFF/, '').trimStart();
    } finally {
      await handle.close();
    }
  } catch {
    return '';
  }
}
