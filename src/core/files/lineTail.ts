import { open } from 'node:fs/promises';
import { isMissing } from './readJson';

/** Reads the lines that were appended to a file since it looked last; half a last line waits for its other half. No file has no lines. */
export class LineTail {
  private offset = 0;
  private rest = Buffer.alloc(0);

  constructor(readonly path: string) {}

  async readNew(): Promise<string[]> {
    const bytes = await this.readBytes();
    if (bytes.length === 0) return [];
    const buffer = Buffer.concat([this.rest, bytes]);
    const end = buffer.lastIndexOf(0x0a) + 1;
    this.rest = Buffer.from(buffer.subarray(end));
    return buffer.subarray(0, end).toString('utf8').split('\n').filter((line) => line.trim() !== '');
  }

  private async readBytes(): Promise<Buffer> {
    let file;
    try {
      file = await open(this.path, 'r');
    } catch (error) {
      if (isMissing(error)) return Buffer.alloc(0);
      throw error;
    }
    try {
      const { size } = await file.stat();
      const length = size - this.offset;
      if (length <= 0) return Buffer.alloc(0);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, this.offset);
      this.offset += bytesRead;
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }
}
