import { basename, dirname, join } from 'node:path';
import type { JSONPath } from 'jsonc-parser';
import { describeDefense, type ParameterRole, type WrittenDefense } from '../schema/defenses';
import type { JsonDocument } from '../datasets/jsonDocument';
import { errorFinding, type Finding, type Problem } from '../datasets/problem';
import { hasDatasetExtension, unsupportedFileType } from '../datasets/sourceRows';
import { resolvePath } from '../files/resolvePath';
import { isPath } from './defenseParts';
import type { FileAccess } from './fileAccess';
import { readPersonaFile } from './personaFile';

/** A path that a defense names, where it stands in the document. */
interface NamedPath {
  readonly role: ParameterRole;
  readonly value: string;
  readonly place: JSONPath;
}

/** The finding that a path leads nowhere. */
export function missingFile(path: string): Finding {
  return errorFinding('file-not-found', `There is no file "${path}" beside this file. Correct the path, or create the file.`);
}

/** What is wrong with the files and folders that a list of defenses names. `listPath` is where the list stands in the document. */
export async function checkPartsOfAll(document: JsonDocument, listPath: JSONPath, defenses: readonly WrittenDefense[], files: FileAccess): Promise<Problem[]> {
  const found = await Promise.all(defenses.map((defense, index) => checkParts(document, [...listPath, index], defense, files)));
  return found.flat();
}

/** What is wrong with the files and folders that one defense names. */
export async function checkParts(document: JsonDocument, path: JSONPath, defense: WrittenDefense, files: FileAccess): Promise<Problem[]> {
  const found = await Promise.all(namedPaths(path, defense).map((named) => checkPath(document, named, files)));
  return found.flat();
}

function namedPaths(path: JSONPath, defense: WrittenDefense): NamedPath[] {
  return Object.entries(describeDefense(defense.type).roles ?? {})
    .flatMap(([parameter, role]) => textsIn(defense[parameter], [...path, parameter]).map((text) => ({ role, ...text })))
    .filter(isPath);
}

/** Every text of a value, in lists and lists of lists too. */
function textsIn(value: unknown, place: JSONPath): { value: string; place: JSONPath }[] {
  if (Array.isArray(value)) {
    return value.flatMap((one: unknown, index) => textsIn(one, [...place, index]));
  }
  return typeof value === 'string' ? [{ value, place }] : [];
}

async function checkPath(document: JsonDocument, { role, value, place }: NamedPath, files: FileAccess): Promise<Problem[]> {
  const path = resolvePath(dirname(document.file), value);
  switch (role) {
    case 'pool':
    case 'adapters':
      return checkDatasetPath(document, place, value, path, files);
    case 'persona':
      return checkPersonaPath(document, place, value, path, files);
    default:
      return await files.isFile(join(path, 'config.json')) ? [] : [document.problemAt(place, missingModel(value))];
  }
}

/** What is wrong with the path of a dataset: nothing there, or a file of another kind. */
export async function checkDatasetPath(document: JsonDocument, place: JSONPath, written: string, path: string, files: FileAccess): Promise<Problem[]> {
  if (!await files.isFile(path)) {
    return [document.problemAt(place, missingFile(written))];
  }
  const { line, column } = document.positionOf(place);
  return hasDatasetExtension(path) ? [] : [unsupportedFileType(path, line, document.file, column)];
}

/** The file's own problems too, each in that file. */
async function checkPersonaPath(document: JsonDocument, place: JSONPath, written: string, path: string, files: FileAccess): Promise<Problem[]> {
  if (!await files.isFile(path)) {
    return [document.problemAt(place, missingFile(written))];
  }
  const { problems } = await readPersonaFile(path, files);
  return problems.length === 0 ? [] : [...problems, document.problemAt(place, errorFinding('invalid-persona-file',
    `${basename(path)} has ${problems.length} ${problems.length === 1 ? 'error' : 'errors'}. Correct that file first.`))];
}

/** The finding that a folder holds no model. */
export function missingModel(folder: string): Finding {
  return errorFinding('file-not-found', `There is no model in "${folder}": its config.json is missing. Correct the path, or name a model of the Hub.`);
}
