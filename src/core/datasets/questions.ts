import { extname } from 'node:path';
import type { JudgePrompts } from '../schema/judgeFile';
import type { Snapshot } from '../schema/rows';
import { questionSetFile, type Question } from '../schema/questions';
import { DatasetError } from './datasetError';
import { readTextFile } from './fileBytes';
import { JsonDocument } from './jsonDocument';
import { errorFinding, type Problem } from './problem';
import { ProblemCollector, sortProblems, type Suppressed } from './problemCollector';
import { schemaProblems } from './schemaProblems';
import { writeSnapshot } from './snapshot';
import { YamlDocument } from './yamlDocument';
import { parseYamlQuestions } from './yamlQuestions';

/** What a set is named for. It decides the group of questions that have none: a YAML file's. */
export type QuestionUse = 'general' | 'in-domain';

const GROUP_OF_USE: Readonly<Record<QuestionUse, Question['group']>> = { general: 'open', 'in-domain': 'in-domain' };

export interface QuestionSetReading {
  readonly file: string;
  readonly name: string | null;
  /** Empty where there is an error. */
  readonly questions: readonly Question[];
  /** The judge prompts that the file brings, by question id. */
  readonly judgePrompts: ReadonlyMap<string, JudgePrompts>;
  /** How often the file wants each question asked; null where it does not say. */
  readonly samplesPerQuestion: number | null;
  readonly errors: number;
  readonly warnings: number;
  readonly problems: readonly Problem[];
  readonly suppressed: Suppressed;
}

/** Endings of question files in the field's YAML format. */
export function isQuestionYaml(path: string): boolean {
  return ['.yaml', '.yml'].includes(extname(path).toLowerCase());
}

/** Reads a question set, JSON or the field's YAML, and finds every problem of it. Never throws for what is in the file. */
export async function readQuestions(path: string, use: QuestionUse = 'general'): Promise<QuestionSetReading> {
  try {
    return parseQuestions(await readTextFile(path), path, use);
  } catch (error) {
    if (error instanceof DatasetError) {
      return reading(path, error.problems);
    }
    throw error;
  }
}

/** The same for a text that is already read, such as an editor's. */
export function parseQuestions(text: string, file: string, use: QuestionUse = 'general'): QuestionSetReading {
  return isQuestionYaml(file) ? parseYaml(new YamlDocument(file, text), use) : parseJson(new JsonDocument(file, text));
}

/** Freezes a question set. Throws a DatasetError where it has errors. */
export async function snapshotQuestions(path: string, snapshotsDir: string, use: QuestionUse): Promise<Snapshot> {
  const { questions, errors, problems, suppressed } = await readQuestions(path, use);
  if (errors > 0) {
    throw new DatasetError(problems, suppressed);
  }
  return writeSnapshot(snapshotsDir, questions);
}

function parseJson(document: JsonDocument): QuestionSetReading {
  if (document.syntaxProblems.length > 0) {
    return reading(document.file, document.syntaxProblems);
  }
  const parsed = questionSetFile.safeParse(document.value);
  const problems = [
    ...(parsed.success ? [] : schemaProblems(document, parsed.error.issues)),
    ...repeatedIds(document),
  ];
  return reading(document.file, problems, parsed.success ? parsed.data : {});
}

function parseYaml(document: YamlDocument, use: QuestionUse): QuestionSetReading {
  if (document.syntaxProblems.length > 0) {
    return reading(document.file, document.syntaxProblems);
  }
  const { problems, ...found } = parseYamlQuestions(document, GROUP_OF_USE[use]);
  return reading(document.file, problems, found);
}

type Found = Partial<Pick<QuestionSetReading, 'name' | 'questions' | 'judgePrompts' | 'samplesPerQuestion'>>;

function reading(file: string, found: readonly Problem[], { name = null, questions = [], judgePrompts = new Map(), samplesPerQuestion = null }: Found = {}): QuestionSetReading {
  const collector = new ProblemCollector();
  collector.addAll(sortProblems(found));
  const { errors, warnings, problems, suppressed } = collector;
  return { file, name, questions: errors > 0 ? [] : questions, judgePrompts, samplesPerQuestion, errors, warnings, problems, suppressed };
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
