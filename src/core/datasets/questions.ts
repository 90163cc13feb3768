import type { Snapshot } from '../schema/rows';
import { questionSetFile, type Question } from '../schema/questions';
import { DatasetError } from './datasetError';
import { readTextFile } from './fileBytes';
import { JsonDocument } from './jsonDocument';
import { errorFinding, type Problem } from './problem';
import { ProblemCollector, sortProblems, type Suppressed } from './problemCollector';
import { schemaProblems } from './schemaProblems';
import { writeSnapshot } from './snapshot';

export interface QuestionSetReading {
  readonly file: string;
  readonly name: string | null;
  /** Empty where there is an error. */
  readonly questions: readonly Question[];
  readonly errors: number;
  readonly warnings: number;
  readonly problems: readonly Problem[];
  readonly suppressed: Suppressed;
}

/** Reads a question set and finds every problem of it. Never throws for what is in the file. */
export async function readQuestions(path: string): Promise<QuestionSetReading> {
  try {
    return parseQuestions(await readTextFile(path), path);
  } catch (error) {
    if (error instanceof DatasetError) {
      return reading(path, error.problems);
    }
    throw error;
  }
}

/** The same for a text that is already read, such as an editor's. */
export function parseQuestions(text: string, file: string): QuestionSetReading {
  const document = new JsonDocument(file, text);
  if (document.syntaxProblems.length > 0) {
    return reading(file, document.syntaxProblems);
  }
  const parsed = questionSetFile.safeParse(document.value);
  const problems = [
    ...(parsed.success ? [] : schemaProblems(document, parsed.error.issues)),
    ...repeatedIds(document),
  ];
  return parsed.success ? reading(file, problems, parsed.data.name, parsed.data.questions) : reading(file, problems);
}

/** Freezes a question set. Throws a DatasetError where it has errors. */
export async function snapshotQuestions(path: string, snapshotsDir: string): Promise<Snapshot> {
  const { questions, errors, problems, suppressed } = await readQuestions(path);
  if (errors > 0) {
    throw new DatasetError(problems, suppressed);
  }
  return writeSnapshot(snapshotsDir, questions);
}

function reading(file: string, found: readonly Problem[], name: string | null = null, questions: readonly Question[] = []): QuestionSetReading {
  const collector = new ProblemCollector();
  collector.addAll(sortProblems(found));
  const { errors, warnings, problems, suppressed } = collector;
  return { file, name, questions: errors > 0 ? [] : questions, errors, warnings, problems, suppressed };
}

function repeatedIds(document: JsonDocument): Problem[] {
  const { questions } = (document.value ?? {}) as { questions?: unknown };
  if (!Array.isArray(questions)) {
    return [];
  }
  const firstLines = new Map<string, number>();
  return questions.flatMap((question: { id?: unknown } | null, index) => {
    const id = question?.id;
    if (typeof id !== 'string') {
      return [];
    }
    const path = ['questions', index, 'id'];
    const firstLine = firstLines.get(id);
    if (firstLine !== undefined) {
      return [document.problemAt(path, errorFinding('duplicate-id', `The id "${id}" is taken by the question on line ${firstLine}. Give every question its own.`))];
    }
    firstLines.set(id, document.positionOf(path).line);
    return [];
  });
}
