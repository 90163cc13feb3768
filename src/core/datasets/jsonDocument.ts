import { findNodeAtLocation, parseTree, type Node, type ParseError } from 'jsonc-parser';
import { explainParseError, STRICT_JSON } from './jsonSyntax';
import { errorAt, type Finding, type Problem } from './problem';
import type { DocumentPath, Position, SourceDocument } from './sourceDocument';

/** A JSON text of which every value knows its place. Comments and trailing commas are errors. */
export class JsonDocument implements SourceDocument {
  readonly value: unknown;
  readonly syntaxProblems: readonly Problem[];
  private readonly root: Node | undefined;
  private readonly lineStarts: readonly number[];

  constructor(readonly file: string, text: string) {
    const content = text.replace(/^\uFEFF/, '');
    this.lineStarts = findLineStarts(content);
    if (content.trim() === '') {
      this.syntaxProblems = [errorAt(file, 1, 'empty-file', 'The file is empty. Write its content, or remove it.')];
      return;
    }
    try {
      const errors: ParseError[] = [];
      this.root = parseTree(content, errors, STRICT_JSON);
      this.syntaxProblems = this.syntaxErrors(errors).concat(this.root ? this.repeatedKeys(this.root) : []);
      this.value = this.syntaxProblems.length === 0 ? JSON.parse(content) : undefined;
    } catch (error) {
      if (!(error instanceof RangeError)) {
        throw error;
      }
      this.syntaxProblems = [errorAt(file, 1, 'invalid-json', 'The content is nested too deeply. Check that this is the right file.')];
    }
  }

  positionOf(path: DocumentPath): Position {
    return this.positionAt(this.nearestNode(path)?.offset ?? 0);
  }

  positionOfKey(path: DocumentPath, key: string): Position {
    const member = this.nearestNode([...path, key])?.parent;
    return member?.type === 'property' ? this.positionAt(member.offset) : this.positionOf(path);
  }

  problemAt(path: DocumentPath, finding: Finding): Problem {
    return { file: this.file, ...this.positionOf(path), ...finding };
  }

  private nearestNode(path: DocumentPath): Node | undefined {
    for (let length = path.length; this.root && length > 0; length--) {
      const node = findNodeAtLocation(this.root, path.slice(0, length));
      if (node) {
        return node;
      }
    }
    return this.root;
  }

  private positionAt(offset: number): Position {
    let low = 0;
    let high = this.lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.lineStarts[middle]! <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return { line: low + 1, column: offset - this.lineStarts[low]! + 1 };
  }

  private syntaxErrors(errors: readonly ParseError[]): Problem[] {
    // The parser often says twice what is wrong in one place.
    const distinct = errors.filter(({ offset }, index) => offset !== errors[index - 1]?.offset);
    return distinct.map((error) => {
      const { offset, explanation } = explainParseError(error);
      const { line, column } = this.positionAt(offset);
      return errorAt(this.file, line, 'invalid-json', `This is not valid JSON: ${explanation}.`, column);
    });
  }

  /** JSON readers take the last of equal names without a word; a person never means that. */
  private repeatedKeys(node: Node): Problem[] {
    const names = new Set<unknown>();
    return (node.children ?? []).flatMap((child) => {
      const key = child.type === 'property' ? child.children?.[0] : undefined;
      const below = this.repeatedKeys(child);
      if (!key || !names.has(key.value)) {
        names.add(key?.value);
        return below;
      }
      const { line, column } = this.positionAt(key.offset);
      return [errorAt(this.file, line, 'duplicate-key', `"${key.value}" is written twice here. Remove one.`, column), ...below];
    });
  }
}

function findLineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', end + 1)) {
    starts.push(end + 1);
  }
  return starts;
}
