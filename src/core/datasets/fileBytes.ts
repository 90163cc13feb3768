import { constants as bufferConstants, isUtf8 } from 'node:buffer';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { DatasetError } from './datasetError';
import { errorAt, type Problem } from './problem';

const CHUNK_BYTES = 1 << 18;
const MAX_TEXT_FILE_BYTES = Math.min(64 * 2 ** 20, bufferConstants.MAX_STRING_LENGTH);

export interface ReadProgress {
  readonly bytes: number;
  readonly totalBytes: number;
  readonly rows: number;
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ReadProgress) => void;
}

interface ChunkOptions {
  readonly signal?: AbortSignal;
  readonly onBytes?: (bytes: number, totalBytes: number) => void;
}

/**
 * The bytes of a file, piece by piece, without a UTF-8 byte order mark (one is accepted without a word).
 * A piece is valid until the next one is asked for. Throws a DatasetError where the file cannot be read.
 */
export async function* readChunks(path: string, options: ChunkOptions = {}): AsyncGenerator<Buffer, void, void> {
  const { handle, size } = await openFile(path);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let position = 0;
    for (;;) {
      options.signal?.throwIfAborted();
      const bytesRead = await readInto(path, handle, buffer);
      if (bytesRead === 0) {
        return;
      }
      const chunk = buffer.subarray(0, bytesRead);
      yield position === 0 ? withoutByteOrderMark(path, chunk) : chunk;
      position += bytesRead;
      options.onBytes?.(position, Math.max(size, position));
    }
  } finally {
    await handle.close();
  }
}

/** The whole text of a small file. Throws a DatasetError where it cannot be read or is not UTF-8. */
export async function readTextFile(path: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of readChunks(path)) {
    size += chunk.length;
    if (size > MAX_TEXT_FILE_BYTES) {
      throw new DatasetError([errorAt(path, 1, 'file-too-large',
        `The file is larger than ${MAX_TEXT_FILE_BYTES / 2 ** 20} MB. Check that it is the right file, or split it.`)]);
    }
    chunks.push(Buffer.from(chunk));
  }
  const bytes = Buffer.concat(chunks);
  if (!isUtf8(bytes)) {
    throw new DatasetError([invalidUtf8(path, lineOfInvalidUtf8(bytes))]);
  }
  return bytes.toString('utf8');
}

/** Whether there is a regular file at the path. */
export async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** The problem of bytes that are not UTF-8. */
export function invalidUtf8(file: string, line: number): Problem {
  return errorAt(file, line, 'invalid-utf8', 'The line holds bytes that are not UTF-8. Save the file with encoding UTF-8.');
}

async function openFile(path: string): Promise<{ handle: FileHandle; size: number }> {
  let handle: FileHandle | undefined;
  try {
    // Asked first, because opening a named pipe would wait for a writer.
    const found = await stat(path);
    if (!found.isFile()) {
      throw new DatasetError([errorAt(path, 1, 'not-a-file',
        found.isDirectory() ? 'This is a folder. Name the file in it.' : 'This is not a regular file. Name a file.')]);
    }
    handle = await open(path, 'r');
    return { handle, size: found.size };
  } catch (error) {
    await handle?.close();
    throw unreadable(path, error);
  }
}

async function readInto(path: string, handle: FileHandle, buffer: Buffer): Promise<number> {
  try {
    return (await handle.read(buffer, 0, buffer.length)).bytesRead;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Error {
  if (error instanceof DatasetError) {
    return error;
  }
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new DatasetError([errorAt(path, 1, 'file-not-found', 'There is no such file. Check the path.')]);
  }
  return new DatasetError([errorAt(path, 1, 'file-unreadable',
    `The file cannot be read (${code}). Check its permissions and that its disk is there.`)]);
}

function withoutByteOrderMark(path: string, chunk: Buffer): Buffer {
  if (chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) {
    return chunk.subarray(3);
  }
  if ((chunk[0] === 0xff && chunk[1] === 0xfe) || (chunk[0] === 0xfe && chunk[1] === 0xff)) {
    throw new DatasetError([errorAt(path, 1, 'invalid-utf8', 'The file is UTF-16. Save it with encoding UTF-8.')]);
  }
  return chunk;
}

function lineOfInvalidUtf8(bytes: Buffer): number {
  let line = 1;
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(0x0a, start);
    if (end === -1 || !isUtf8(bytes.subarray(start, end))) {
      return line;
    }
    start = end + 1;
    line++;
  }
}
