import { resolve } from 'node:path';
import { DatasetError } from '../datasets/datasetError';
import { JsonDocument } from '../datasets/jsonDocument';
import { errorFinding, type Problem } from '../datasets/problem';
import { sortProblems } from '../datasets/problemCollector';
import { schemaProblems } from '../datasets/schemaProblems';
import { shippedPersonas } from '../personas/shippedPersonas';
import { personaFile, type PersonaFile, type ShippedPersona } from '../schema/personaFile';
import { filesOnDisk, type FileAccess } from './fileAccess';

export interface PersonaCheck {
  readonly file: string;
  /** The persona with defaults filled in. Null where there is an error. */
  readonly value: PersonaFile | null;
  readonly problems: readonly Problem[];
}

/** The persona that a defense names: one that is shipped, or that of a file. */
export async function readPersona(named: string, files: FileAccess = filesOnDisk): Promise<PersonaCheck> {
  const shipped = (shippedPersonas as Partial<Record<string, PersonaFile>>)[named as ShippedPersona];
  return shipped === undefined ? readPersonaFile(named, files) : { file: named, value: shipped, problems: [] };
}

/** Reads and checks a `*.persona.json`. Never throws for what is in it, or for its absence. */
export async function readPersonaFile(path: string, files: FileAccess = filesOnDisk): Promise<PersonaCheck> {
  const file = resolve(path);
  try {
    return checkPersonaText(await files.readText(file), file);
  } catch (error) {
    if (error instanceof DatasetError) {
      return { file, value: null, problems: error.problems };
    }
    throw error;
  }
}

/** Checks the text of a `*.persona.json`. */
export function checkPersonaText(text: string, file: string): PersonaCheck {
  const document = new JsonDocument(file, text);
  if (document.syntaxProblems.length > 0) {
    return { file, value: null, problems: document.syntaxProblems };
  }
  const parsed = personaFile.safeParse(document.value);
  if (!parsed.success) {
    return { file, value: null, problems: sortProblems(schemaProblems(document, parsed.error.issues)) };
  }
  const problems = sortProblems([...pairsWithoutContrast(document, parsed.data), ...repeatedQuestions(document, parsed.data)]);
  return { file, value: problems.length > 0 ? null : parsed.data, problems };
}

function pairsWithoutContrast(document: JsonDocument, { prompts }: PersonaFile): Problem[] {
  return prompts.flatMap(({ positive, negative }, index) => (positive.trim() === negative.trim()
    ? [document.problemAt(['prompts', index, 'negative'], errorFinding('same-prompts', 'Both prompts of this pair are the same, and so show no persona. Write the opposite here.'))]
    : []));
}

function repeatedQuestions(document: JsonDocument, { questions }: PersonaFile): Problem[] {
  return questions.flatMap((question, index) => (questions.indexOf(question) < index
    ? [document.problemAt(['questions', index], errorFinding('repeated-question', 'This question is in the list already. Remove one of the two.'))]
    : []));
}
