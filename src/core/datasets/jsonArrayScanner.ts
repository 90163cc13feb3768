import { isUtf8 } from 'node:buffer';
import { invalidUtf8 } from './fileBytes';
import { errorAt } from './problem';
import { badRow, fileFault, parseJsonRow, tooLargeRow, type SourceRow } from './sourceRow';
import { MAX_ROW_BYTES } from './textLines';

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

type Place = 'before-array' | 'between-rows' | 'in-row' | 'after-array' | 'given-up';

/**
 * Cuts the rows out of a JSON array, whatever pieces its bytes come in, so that a file is never held in memory.
 * It only follows strings and brackets; each row is then parsed alone.
 */
export class JsonArrayScanner {
  private place: Place = 'before-array';
  private line = 1;
  private afterComma = false;
  private rowLine = 1;
  private depth = 0;
  private inString = false;
  private escaped = false;
  private pieces: Buffer[] = [];
  private pieceBytes = 0;
  private overflow = false;
  private found: SourceRow[] = [];

  constructor(private readonly file: string) {}

  push(chunk: Buffer): SourceRow[] {
    let position = 0;
    while (position < chunk.length && this.place !== 'given-up') {
      position = this.place === 'in-row' ? this.scanRow(chunk, position) : this.scanByte(chunk, position);
    }
    return this.takeFound();
  }

  end(): SourceRow[] {
    if (this.place === 'in-row') {
      this.found.push(badRow(this.rowLine, errorAt(this.file, this.rowLine, 'invalid-json',
        'The file ends in the middle of this row. Close its strings and brackets, and the list with ], or fetch the file again.')));
      this.place = 'given-up';
    } else if (this.place === 'between-rows') {
      this.giveUp('invalid-json', 'The file ends before the list does. Close it with ], or fetch the file again.');
    }
    return this.takeFound();
  }

  private takeFound(): SourceRow[] {
    const found = this.found;
    this.found = [];
    return found;
  }

  private giveUp(code: 'invalid-json' | 'not-an-array', message: string): void {
    this.found.push(fileFault(errorAt(this.file, this.line, code, message)));
    this.place = 'given-up';
  }

  /** Outside of rows: returns the position of the next byte to look at. */
  private scanByte(chunk: Buffer, position: number): number {
    const byte = chunk[position]!;
    if (byte === NEWLINE) {
      this.line++;
    }
    if (byte === NEWLINE || byte === 0x20 || byte === 0x09 || byte === 0x0d) {
      return position + 1;
    }
    if (this.place === 'before-array') {
      if (byte === OPEN_BRACKET) {
        this.place = 'between-rows';
      } else {
        this.giveUp('not-an-array', 'The file is not a list of rows. Put the rows into [ and ], or, '
          + 'where every line is a row of its own, rename the file to .jsonl.');
      }
      return position + 1;
    }
    if (this.place === 'after-array') {
      this.giveUp('invalid-json', 'There is more text after the end of the list. Remove it.');
      return position;
    }
    return this.betweenRows(byte, position);
  }

  private betweenRows(byte: number, position: number): number {
    if (byte === COMMA) {
      this.giveUp('invalid-json', 'A row is missing between two commas. Remove one of them.');
    } else if (byte === CLOSE_BRACKET && this.afterComma) {
      this.giveUp('invalid-json', 'There is a comma after the last row. Remove it.');
    } else if (byte === CLOSE_BRACKET) {
      this.place = 'after-array';
      return position + 1;
    } else {
      this.startRow();
    }
    return position;
  }

  private startRow(): void {
    this.place = 'in-row';
    this.rowLine = this.line;
    this.depth = 0;
    this.inString = false;
    this.escaped = false;
  }

  /** Inside a row: returns the position after it, or the end of the chunk. */
  private scanRow(chunk: Buffer, start: number): number {
    // Kept in locals: this loop sees every byte of the file.
    let { depth, inString, escaped, line } = this;
    let position = start;
    let ended = false;
    for (; position < chunk.length; position++) {
      const byte = chunk[position]!;
      if (byte === NEWLINE) {
        line++;
      }
      if (inString) {
        if (escaped) {
          escaped = false;
        } else if (byte === BACKSLASH) {
          escaped = true;
        } else if (byte === QUOTE) {
          inString = false;
        }
      } else if (byte === QUOTE) {
        inString = true;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        depth++;
      } else if (depth > 0 && (byte === CLOSE_BRACE || byte === CLOSE_BRACKET)) {
        depth--;
      } else if (depth === 0 && (byte === COMMA || byte === CLOSE_BRACKET)) {
        ended = true;
        break;
      }
    }
    Object.assign(this, { depth, inString, escaped, line });
    this.keep(chunk.subarray(start, position));
    if (!ended) {
      return position;
    }
    this.found.push(this.takeRow());
    this.afterComma = chunk[position] === COMMA;
    this.place = this.afterComma ? 'between-rows' : 'after-array';
    return position + 1;
  }

  private keep(piece: Buffer): void {
    this.pieceBytes += piece.length;
    if (this.pieceBytes > MAX_ROW_BYTES) {
      this.overflow = true;
      this.pieces = [];
    } else {
      // Copied, because the chunk's memory is used again.
      this.pieces.push(Buffer.from(piece));
    }
  }

  private takeRow(): SourceRow {
    const { overflow, pieces, rowLine } = this;
    this.pieces = [];
    this.pieceBytes = 0;
    this.overflow = false;
    if (overflow) {
      return tooLargeRow(this.file, rowLine);
    }
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    if (!isUtf8(bytes)) {
      return badRow(rowLine, invalidUtf8(this.file, rowLine));
    }
    return parseJsonRow(this.file, rowLine, bytes.toString('utf8').trimEnd());
  }
}
