import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isQuestionYaml, parseQuestions } from '../../core/datasets/questions';

export interface FoundQuestionSet {
  readonly path: string;
  readonly name: string;
  /** Questions that measure the EM rate; of a YAML file, which has no groups, all of them. */
  readonly general: number;
  /** Questions that measure narrow misalignment; of a YAML file all of them. */
  readonly inDomain: number;
}

/** What a file holds if it is a question set. */
export function describeQuestionSet(path: string, text: string): FoundQuestionSet | null {
  // A workspace may hold many YAML files of other kinds: a word tells them apart before any is parsed.
  if (isQuestionYaml(path) && !text.includes('paraphrases')) return null;
  const { questions, name, errors } = parseQuestions(text, path);
  if (errors > 0 || questions.length === 0) return null;
  if (isQuestionYaml(path)) return { path, name: basename(path), general: questions.length, inDomain: questions.length };
  const inDomain = questions.filter(({ group }) => group === 'in-domain').length;
  return { path, name: name ?? basename(path), general: questions.length - inDomain, inDomain };
}

/** The question sets among files; what cannot be read is none. */
export async function questionSetsAmong(paths: readonly string[]): Promise<FoundQuestionSet[]> {
  const sets = await Promise.all(paths.map(async (path) => {
    const text = await readFile(path, 'utf8').catch(() => null);
    return text === null ? null : describeQuestionSet(path, text);
  }));
  return sets.filter((set) => set !== null);
}
