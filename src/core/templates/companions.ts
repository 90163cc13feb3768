import { basename, extname } from 'node:path';
import { detectFileKind } from '../configuration/fileKind';
import { readQuestions } from '../datasets/questions';
import { GENERAL_GROUPS } from '../schema/questions';
import type { Role } from '../schema/experimentFile';

/** Files that an experiment on some datasets can use. */
export interface Companions {
  readonly general: string | null;
  readonly probe: string | null;
  readonly pool: string | null;
  /** Sets of in-domain questions. */
  readonly inDomain: readonly string[];
}

/** Picks what fits from files that lie about: question sets and probe pairs by what is in them, a pool of safe rows by its name. */
export async function findCompanions(files: readonly string[], datasets: readonly string[]): Promise<Companions> {
  const found: Record<'general' | 'inDomain' | 'probe' | 'pool', string[]> = { general: [], inDomain: [], probe: [], pool: [] };
  for (const file of files.filter((each) => !datasets.includes(each))) {
    for (const use of await usesOf(file)) found[use].push(file);
  }
  return {
    general: likeliest(found.general, 'general'), probe: likeliest(found.probe, 'probe'), pool: likeliest(found.pool, 'pool'),
    inDomain: found.inDomain,
  };
}

async function usesOf(file: string): Promise<('general' | 'inDomain' | 'probe' | 'pool')[]> {
  const kind = await detectFileKind(file);
  if (kind === 'questions') {
    const { questions } = await readQuestions(file);
    const isGeneral = ({ group }: { group: string }) => (GENERAL_GROUPS as readonly string[]).includes(group);
    return [...(questions.some(isGeneral) ? ['general' as const] : []), ...(questions.some((question) => !isGeneral(question)) ? ['inDomain' as const] : [])];
  }
  if (kind === 'probe') return ['probe'];
  return kind === 'dataset' && looksSafe(file) && extname(file) !== '.json' ? ['pool'] : [];
}

/** Whether a dataset's name says that its rows are safe to mix in. */
export function looksSafe(file: string): boolean {
  return /safe|pool|harmless/i.test(basename(file));
}

/** The questions of a dataset's own domain: those whose name has a word of the dataset's, else the only ones there are. */
export function questionsFor(dataset: string, role: Role, inDomain: readonly string[]): string | null {
  const words = wordsOf(dataset);
  const named = inDomain.find((set) => wordsOf(set).some((word) => words.includes(word)));
  const only = inDomain.length === 1 && (role === 'harmful' || role === 'control') ? inDomain[0]! : null;
  return named ?? only;
}

function wordsOf(file: string): string[] {
  return basename(file, extname(file)).toLowerCase().split(/[^a-z0-9]+/).filter((word) => word.length > 2 && !['questions', 'data', 'dataset', 'domain', 'train'].includes(word));
}

function likeliest(files: readonly string[], word: string): string | null {
  return files.find((file) => basename(file).toLowerCase().includes(word)) ?? files[0] ?? null;
}
