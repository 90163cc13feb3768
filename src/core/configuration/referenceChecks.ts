import { dirname, resolve } from 'node:path';
import type { JSONPath } from 'jsonc-parser';
import type { JsonDocument } from '../datasets/jsonDocument';
import type { Problem } from '../datasets/problem';
import { JUDGE_FILE_NAME } from '../schema/judgeFile';
import type { FileAccess } from './fileAccess';
import { checkDatasetPath, missingFile } from './partChecks';

interface Reference {
  readonly path: JSONPath;
  readonly value: string;
  readonly isDataset: boolean;
}

/** Files that an experiment file names and that are not there or of no use. Arms name files too: `loadArms` looks at those. */
export async function checkReferences(document: JsonDocument, files: FileAccess): Promise<Problem[]> {
  const found = await Promise.all(references(document.value).map(async (reference): Promise<Problem[]> => {
    const file = resolve(dirname(document.file), reference.value);
    if (reference.isDataset) {
      return checkDatasetPath(document, reference.path, reference.value, file, files);
    }
    return await files.isFile(file) ? [] : [document.problemAt(reference.path, missingFile(reference.value))];
  }));
  return found.flat();
}

/** The value may be anything: it has not been checked yet. */
function references(value: unknown): Reference[] {
  const { datasets, evaluation, then } = asRecord(value);
  const inDatasets = Array.isArray(datasets)
    ? datasets.flatMap((dataset: unknown, index) => [
      ...reference(dataset, ['datasets', index], 'path', true),
      ...reference(dataset, ['datasets', index], 'inDomain', false),
      ...reference(asRecord(dataset)['mix'], ['datasets', index, 'mix'], 'path', true),
    ])
    : [];
  return [
    ...inDatasets,
    ...reference(then, ['then'], 'path', true),
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
