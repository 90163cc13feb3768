import { isUtf8 } from 'node:buffer';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A longer row is no training row; it is named and never held in memory. */
export const MAX_ROW_BYTES = 16 * 2 ** 20;

export interface TextLine {
  readonly number: number;
  /** With replacement characters where it is not UTF-8; empty where it is too large. */
  readonly text: string;
  readonly ending: '' | '\n' | '\r\n';
  readonly fault: 'invalid-utf8' | 'too-large' | null;
}

/** Cuts bytes into lines, whatever pieces they come in. LF and CRLF may be mixed. */
export class LineSplitter {
  private carried: Buffer[] = [];
  private carriedBytes = 0;
  private overflow = false;
  private number = 1;

  push(chunk: Buffer): TextLine[] {
    const lines: TextLine[] = [];
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end === -1) {
        break;
      }
      lines.push(this.take(chunk.subarray(start, end), true));
      start = end + 1;
    }
    this.carry(chunk.subarray(start));
    return lines;
  }

  /** The last line, where the file does not end with a line break. */
  end(): TextLine[] {
    return this.carriedBytes > 0 || this.overflow ? [this.take(Buffer.alloc(0), false)] : [];
  }

  private carry(piece: Buffer): void {
    if (piece.length === 0 || this.overflow) {
      return;
    }
    if (this.carriedBytes + piece.length > MAX_ROW_BYTES) {
      this.overflow = true;
      this.carried = [];
      return;
    }
    this.carried.push(Buffer.from(piece));
    this.carriedBytes += piece.length;
  }

  private take(last: Buffer, terminated: boolean): TextLine {
    const tooLarge = this.overflow || this.carriedBytes + last.length > MAX_ROW_BYTES;
    const bytes = tooLarge || this.carriedBytes === 0 ? last : Buffer.concat([...this.carried, last]);
    const number = this.number++;
    this.carried = [];
    this.carriedBytes = 0;
    this.overflow = false;

    const hasReturn = terminated && bytes[bytes.length - 1] === CARRIAGE_RETURN;
    const ending = !terminated ? '' : hasReturn ? '\r\n' : '\n';
    if (tooLarge) {
      return { number, text: '', ending, fault: 'too-large' };
    }
    const text = bytes.toString('utf8', 0, hasReturn ? bytes.length - 1 : bytes.length);
    return { number, text, ending, fault: isUtf8(bytes) ? null : 'invalid-utf8' };
  }
}
