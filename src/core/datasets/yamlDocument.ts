import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Node, type ParsedNode } from 'yaml';
import { errorAt, type Finding, type Problem } from './problem';
import type { DocumentPath, Position, SourceDocument } from './sourceDocument';

/** Far above what question sets use; a text that means to exhaust memory by aliases of aliases grows past any limit. */
const MAX_ALIASES = 100_000;

/** A YAML text (1.2, core schema, merge keys) of which every value knows its place. Tags that the schema does not know are errors. */
export class YamlDocument implements SourceDocument {
  readonly value: unknown;
  readonly syntaxProblems: readonly Problem[];
  private readonly lines = new LineCounter();
  private readonly document: Document.Parsed<ParsedNode> | undefined;

  constructor(readonly file: string, text: string) {
    const content = text.replace(/^\uFEFF/, '');
    if (content.trim() === '') {
      this.syntaxProblems = [errorAt(file, 1, 'empty-file', 'The file is empty. Write its content, or remove it.')];
      return;
    }
    try {
      this.document = parseDocument(content, { lineCounter: this.lines, prettyErrors: false, merge: true });
      this.syntaxProblems = [
        ...[...this.document.errors, ...this.document.warnings].map(({ pos, message, code }) => this.syntaxProblem(pos[0], explain(code, message))),
        ...this.unknownAliases(this.document),
      ];
      this.value = this.syntaxProblems.length === 0 ? this.document.toJS({ maxAliasCount: MAX_ALIASES }) : undefined;
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof ReferenceError)) {
        throw error;
      }
      this.syntaxProblems = [errorAt(file, 1, 'invalid-yaml', 'The content is nested too deeply, or its aliases refer to themselves. Check that this is the right file.')];
    }
  }

  positionOf(path: DocumentPath): Position {
    return this.positionOfNode(this.nearestNode(path));
  }

  positionOfKey(path: DocumentPath, key: string): Position {
    const parent = this.resolved(this.nearestNode(path));
    const name = isMap(parent) ? parent.items.find((pair) => nameOf(pair.key) === key)?.key : null;
    return isNode(name) ? this.positionOfNode(name) : this.positionOf(path);
  }

  problemAt(path: DocumentPath, finding: Finding): Problem {
    return { file: this.file, ...this.positionOf(path), ...finding };
  }

  private syntaxProblem(offset: number, message: string): Problem {
    const { line, column } = this.positionAt(offset);
    return errorAt(this.file, line, 'invalid-yaml', message, column);
  }

  private unknownAliases(document: Document.Parsed<ParsedNode>): Problem[] {
    const problems: Problem[] = [];
    visit(document, {
      Alias: (_, alias) => {
        if (alias.resolve(document) === undefined) {
          problems.push(this.syntaxProblem(alias.range?.[0] ?? 0, `*${alias.source} stands for nothing: no value before it is named &${alias.source}. Correct the name.`));
        }
      },
    });
    return problems;
  }

  private nearestNode(path: DocumentPath): Node | null {
    let node: Node | null = this.document?.contents ?? null;
    for (const part of path) {
      const child = childOf(this.resolved(node), part);
      if (child === null) {
        break;
      }
      node = child;
    }
    return node;
  }

  /** What an alias stands for. */
  private resolved(node: Node | null): Node | null {
    return isAlias(node) && this.document ? node.resolve(this.document) ?? null : node;
  }

  private positionOfNode(node: Node | null): Position {
    return this.positionAt(node?.range?.[0] ?? 0);
  }

  private positionAt(offset: number): Position {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

function childOf(node: Node | null, part: string | number): Node | null {
  if (isSeq(node) && typeof part === 'number') {
    const item = node.items[part];
    return isNode(item) ? item : null;
  }
  const value = isMap(node) ? node.items.find((pair) => nameOf(pair.key) === String(part))?.value : null;
  return isNode(value) ? value : null;
}

function nameOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function explain(code: string, message: string): string {
  return code === 'TAG_RESOLVE_FAILED'
    ? `${message.replace(/\.?$/, '')}: this tag is not known here. Remove it, or quote the text.`
    : `This is not valid YAML: ${message.replace(/\.?$/, '')}.`;
}
