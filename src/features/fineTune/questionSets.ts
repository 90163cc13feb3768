import { readFile } from 'node:fs/promises';
import { questionSetFile } from '../../core/schema/questions';

export interface FoundQuestionSet {
  readonly path: string;
  readonly name: string;
  readonly general: number;
  readonly inDomain: number;
}

/** What a JSON file holds if it is a question set. */
export function describeQuestionSet(path: string, text: string): FoundQuestionSet | null {
  const parsed = questionSetFile.safeParse(parseJson(text));
  if (!parsed.success) return null;
  const inDomain = parsed.data.questions.filter(({ group }) => group === 'in-domain').length;
  return { path, name: parsed.data.name, general: parsed.data.questions.length - inDomain, inDomain };
}

/** The question sets among files; what cannot be read is none. */
export async function questionSetsAmong(paths: readonly string[]): Promise<FoundQuestionSet[]> {
  const sets = await Promise.all(paths.map(async (path) => {
    const text = await readFile(path, 'utf8').catch(() => null);
    return text === null ? null : describeQuestionSet(path, text);
  }));
  return sets.filter((set) => set !== null);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
