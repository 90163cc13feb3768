import { extname } from 'node:path';
import { probePair, type ProbePair } from '../schema/questions';
import type { Snapshot } from '../schema/rows';
import { DatasetError } from './datasetError';
import type { ReadOptions } from './fileBytes';
import { errorAt, type Problem } from './problem';
import { ProblemCollector, type Suppressed } from './problemCollector';
import { schemaFindings } from './schemaProblems';
import { writeSnapshot } from './snapshot';
import type { SourceRow } from './sourceRow';
import { readSourceRows } from './sourceRows';

export interface ProbePairsReading {
  readonly file: string;
  /** Empty where there is an error. */
  readonly pairs: readonly ProbePair[];
  readonly errors: number;
  readonly warnings: number;
  readonly problems: readonly Problem[];
  readonly suppressed: Suppressed;
}

/** Reads the pairs of a probe (JSON lines) and finds every problem. Never throws for what is in the file. */
export async function readProbePairs(path: string, options: ReadOptions = {}): Promise<ProbePairsReading> {
  const collector = new ProblemCollector();
  const pairs: ProbePair[] = [];
  try {
    for await (const pair of readPairs(path, options, collector)) {
      pairs.push(pair);
    }
  } catch (error) {
    if (!(error instanceof DatasetError)) {
      throw error;
    }
    collector.addAll(error.problems);
  }
  const { errors, warnings, problems, suppressed } = collector;
  return { file: path, pairs: errors > 0 ? [] : pairs, errors, warnings, problems, suppressed };
}

/** Freezes the pairs of a probe. Throws a DatasetError where they have errors. */
export async function snapshotProbePairs(path: string, snapshotsDir: string): Promise<Snapshot> {
  const { pairs, errors, problems, suppressed } = await readProbePairs(path);
  if (errors > 0) {
    throw new DatasetError(problems, suppressed);
  }
  return writeSnapshot(snapshotsDir, pairs);
}

async function* readPairs(path: string, options: ReadOptions, collector: ProblemCollector): AsyncGenerator<ProbePair, void, void> {
  if (extname(path).toLowerCase() !== '.jsonl') {
    throw new DatasetError([errorAt(path, 1, 'unsupported-file-type', 'Probe pairs are read from .jsonl, one pair a line.')]);
  }
  const firstLines = new Map<string, number>();
  let rows = 0;
  const onBytes = (bytes: number, totalBytes: number) => options.onProgress?.({ bytes, totalBytes, rows });
  for await (const batch of readSourceRows(path, { signal: options.signal, onBytes })) {
    for (const row of batch) {
      rows++;
      const pair = readPair(path, row, firstLines, collector);
      if (pair) {
        yield pair;
      }
    }
  }
  if (rows === 0) {
    collector.add(errorAt(path, 1, 'empty-file', 'The file has no pairs. Add some, or choose another file.'));
  }
}

function readPair(file: string, row: SourceRow, firstLines: Map<string, number>, collector: ProblemCollector): ProbePair | null {
  if (row.problem) {
    collector.add(row.problem);
    return null;
  }
  const parsed = probePair.safeParse(row.value);
  if (!parsed.success) {
    collector.addAll(schemaFindings(row.value, parsed.error.issues).map((finding) => ({ file, line: row.line, ...finding })));
    return null;
  }
  const { id } = parsed.data;
  const firstLine = firstLines.get(id);
  if (firstLine !== undefined) {
    collector.add(errorAt(file, row.line, 'duplicate-id', `The id "${id}" is taken by the pair on line ${firstLine}. Give every pair its own.`));
    return null;
  }
  firstLines.set(id, row.line);
  return parsed.data;
}
