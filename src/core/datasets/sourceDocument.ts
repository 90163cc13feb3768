import type { Finding, Problem } from './problem';

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Names and indexes that lead to a value. */
export type DocumentPath = (string | number)[];

/** A text of which every value knows its place, whatever notation it is written in. */
export interface SourceDocument {
  readonly file: string;
  /** Undefined where there is a syntax error. */
  readonly value: unknown;
  readonly syntaxProblems: readonly Problem[];
  /** Where the value at the path starts; where there is none, its nearest parent. */
  positionOf(path: DocumentPath): Position;
  /** Where the name of a member of the object at the path starts. */
  positionOfKey(path: DocumentPath, key: string): Position;
  /** A problem at the value of the path. */
  problemAt(path: DocumentPath, finding: Finding): Problem;
}
