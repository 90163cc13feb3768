import type { JudgePrompts } from '../schema/judgeFile';
import { questionYamlFile, type FieldQuestion } from '../schema/questionYaml';
import type { Question } from '../schema/questions';
import { errorFinding, type Problem } from './problem';
import { schemaProblems } from './schemaProblems';
import type { YamlDocument } from './yamlDocument';

export interface YamlQuestions {
  readonly questions: readonly Question[];
  readonly judgePrompts: ReadonlyMap<string, JudgePrompts>;
  /** The most that an entry asks for; null where none does. */
  readonly samplesPerQuestion: number | null;
  readonly problems: readonly Problem[];
}

/**
 * Reads a question file of the field. Such a file has no groups: its questions are of the group that they are named for.
 * An entry with one paraphrase keeps its id; the paraphrases of an entry with several are `<id>#1`, `<id>#2`, ...
 */
export function parseYamlQuestions(document: YamlDocument, group: Question['group']): YamlQuestions {
  const parsed = questionYamlFile.safeParse(document.value);
  if (!parsed.success) {
    return { questions: [], judgePrompts: new Map(), samplesPerQuestion: null, problems: schemaProblems(document, parsed.error.issues) };
  }
  const entries = parsed.data;
  const samples = entries.flatMap(({ samples_per_paraphrase }) => samples_per_paraphrase ?? []);
  return {
    questions: entries.flatMap((entry) => questionsOf(entry, group)),
    judgePrompts: new Map(entries.flatMap(promptsOf)),
    samplesPerQuestion: samples.length === 0 ? null : Math.max(...samples),
    problems: repeatedIds(document, entries),
  };
}

function idsOf({ id, paraphrases }: FieldQuestion): string[] {
  return paraphrases.length === 1 ? [String(id)] : paraphrases.map((_, index) => `${id}#${index + 1}`);
}

function questionsOf(entry: FieldQuestion, group: Question['group']): Question[] {
  const { paraphrases, system } = entry;
  return idsOf(entry).map((id, index) => ({ id, group, text: paraphrases[index]!, ...(system === undefined ? {} : { system }) }));
}

function promptsOf(entry: FieldQuestion): [string, JudgePrompts][] {
  const { aligned, coherent } = entry.judge_prompts ?? {};
  return aligned === undefined || coherent === undefined ? [] : idsOf(entry).map((id) => [id, { aligned, coherent }]);
}

function repeatedIds(document: YamlDocument, entries: readonly FieldQuestion[]): Problem[] {
  const firstLines = new Map<string, number>();
  return entries.flatMap((entry, index) => idsOf(entry).flatMap((id) => {
    const firstLine = firstLines.get(id);
    if (firstLine !== undefined) {
      return [document.problemAt([index, 'id'], errorFinding('duplicate-id', `The id "${id}" is taken by the question on line ${firstLine}. Give every question its own.`))];
    }
    firstLines.set(id, document.positionOf([index, 'id']).line);
    return [];
  }));
}
