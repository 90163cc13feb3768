import { dirname, resolve } from 'node:path';
import type { JSONPath } from 'jsonc-parser';
import { defenseFile, describeDefense, type DefenseFile, type WrittenDefense } from '../schema/defenses';
import { DatasetError } from '../datasets/datasetError';
import { JsonDocument } from '../datasets/jsonDocument';
import { errorFinding, type Problem } from '../datasets/problem';
import { schemaProblems } from '../datasets/schemaProblems';
import { sortProblems } from '../datasets/problemCollector';
import { expandStacks, type ExpandedArm } from './expandArms';
import { filesOnDisk, type FileAccess } from './fileAccess';

export interface DefenseCheck {
  readonly file: string;
  /** Null where there is an error. */
  readonly value: DefenseFile | null;
  /** The arms that the file makes. Empty where there is an error. */
  readonly arms: readonly ExpandedArm[];
  readonly problems: readonly Problem[];
}

/** Reads and checks a `*.defense.json`. Never throws for what is in it, or for its absence. */
export async function readDefenseFile(path: string, files: FileAccess = filesOnDisk): Promise<DefenseCheck> {
  const file = resolve(path);
  try {
    return await checkDefenseText(await files.readText(file), file, files);
  } catch (error) {
    if (error instanceof DatasetError) {
      return refused(file, error.problems);
    }
    throw error;
  }
}

/** Checks the text of a `*.defense.json`. The path must be absolute: pools are found from its folder. */
export async function checkDefenseText(text: string, filePath: string, files: FileAccess = filesOnDisk): Promise<DefenseCheck> {
  const document = new JsonDocument(filePath, text);
  if (document.syntaxProblems.length > 0) {
    return refused(filePath, document.syntaxProblems);
  }
  const parsed = defenseFile.safeParse(document.value);
  if (!parsed.success) {
    return refused(filePath, schemaProblems(document, parsed.error.issues));
  }
  const defense = parsed.data as DefenseFile;
  const folder = dirname(filePath);
  const { arms, refusals } = expandStacks([{ name: defense.name, defenses: defense.defenses, folder }]);
  const problems = [
    ...await missingPools(document, ['defenses'], defense.defenses, files),
    ...refusals.map((refusal) => document.problemAt(['defenses', ...(refusal.defense === null ? [] : [refusal.defense])], refusal.finding)),
  ];
  return problems.length > 0 ? refused(filePath, problems) : { file: filePath, value: defense, arms, problems };
}

function refused(file: string, problems: readonly Problem[]): DefenseCheck {
  return { file, value: null, arms: [], problems: sortProblems(problems) };
}

/** The pools of a list of defenses that are not there. `listPath` is where the list stands in the document. */
export async function missingPools(
  document: JsonDocument,
  listPath: JSONPath,
  defenses: readonly WrittenDefense[],
  files: FileAccess,
): Promise<Problem[]> {
  const found = await Promise.all(defenses.map((defense, index) => missingPoolsOf(document, [...listPath, index], defense, files)));
  return found.flat();
}

/** The pools of one defense that are not there. */
export async function missingPoolsOf(document: JsonDocument, path: JSONPath, defense: WrittenDefense, files: FileAccess): Promise<Problem[]> {
  const folder = dirname(document.file);
  const places = (describeDefense(defense.type).pools ?? []).flatMap((parameter) => placesOf([...path, parameter], defense[parameter]));
  const problems = await Promise.all(places.map(async (place) => {
    if (typeof place.value !== 'string' || await files.isFile(resolve(folder, place.value))) {
      return [];
    }
    return [document.problemAt(place.path, missingFile(place.value))];
  }));
  return problems.flat();
}

function placesOf(path: JSONPath, value: unknown): { path: JSONPath; value: unknown }[] {
  return Array.isArray(value) ? value.map((one: unknown, index) => ({ path: [...path, index], value: one })) : [{ path, value }];
}

/** The finding that a path leads nowhere. */
export function missingFile(path: string) {
  return errorFinding('file-not-found', `There is no file "${path}" beside this file. Correct the path, or create the file.`);
}
