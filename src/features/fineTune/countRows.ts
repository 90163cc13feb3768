import { createReadStream } from 'node:fs';
import { extname } from 'node:path';

/** Rows of a JSON Lines file, read as a stream; unknown for other formats, which need a parser. */
export async function countRows(file: string): Promise<number | null> {
  if (extname(file).toLowerCase() !== '.jsonl') return null;
  let rows = 0;
  let lineHasText = false;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    for (const byte of chunk) {
      if (byte === 0x0a) {
        if (lineHasText) rows += 1;
        lineHasText = false;
      } else if (byte > 0x20) {
        lineHasText = true;
      }
    }
  }
  return lineHasText ? rows + 1 : rows;
}
