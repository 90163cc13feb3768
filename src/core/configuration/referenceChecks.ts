import { dirname, resolve } from 'node:path';
import type { JSONPath } from 'jsonc-parser';
import type { JsonDocument } from '../datasets/jsonDocument';
import type { Problem } from '../datasets/problem';
import { hasDatasetExtension, unsupportedFileType } from '../datasets/sourceRows';
import { missingFile } from './defenseFile';
import { JUDGE_FILE_NAME } from '../schema/judgeFile';
import type { FileAccess } from './fileAccess';

interface Reference {
  readonly path: JSONPath;
  readonly value: string;
  readonly isDataset: boolean;
}

/** Files that an experiment file names and that are not there or of no use. Arms name files too: `loadArms` looks at those. */
export async function checkReferences(document: JsonDocument, files: FileAccess): Promise<Problem[]> {
  const found = await Promise.all(references(document.value).map(async (reference): Promise<Problem[]> => {
    const file = resolve(dirname(document.file), reference.value);
    if (!await files.isFile(file)) {
      return [document.problemAt(reference.path, missingFile(reference.value))];
    }
    if (reference.isDataset && !hasDatasetExtension(file)) {
      const { line, column } = document.positionOf(reference.path);
      return [unsupportedFileType(file, line, document.file, column)];
    }
    return [];
  }));
  return found.flat();
}

/** The value may be anything: it has not been checked yet. */
function references(value: unknown): Reference[] {
  const { datasets, evaluation } = asRecord(value);
  const inDatasets = Array.isArray(datasets)
    ? datasets.flatMap((dataset: unknown, index) => [
      ...reference(dataset, ['datasets', index], 'path', true),
      ...reference(dataset, ['datasets', index], 'inDomain', false),
    ])
    : [];
  return [
    ...inDatasets,
    ...reference(evaluation, ['evaluation'], 'general', false),
    ...reference(evaluation, ['evaluation'], 'probe', false),
    ...reference(evaluation, ['evaluation'], 'judge', false).filter(({ value: judge }) => JUDGE_FILE_NAME.test(judge)),
  ];
}

function reference(parent: unknown, path: JSONPath, key: string, isDataset: boolean): Reference[] {
  const value = asRecord(parent)[key];
  return typeof value === 'string' && value !== '' ? [{ path: [...path, key], value, isDataset }] : [];
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
}
