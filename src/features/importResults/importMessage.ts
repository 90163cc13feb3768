import type { ImportResult } from '../../core/importing/importCsv';
import { count, estimateText } from '../format';

/** What came of one file, with its path as a person reads it. */
export type Imported = ImportResult & { readonly file: string };

/** One sentence about everything that was imported at once. */
export function importMessage(imported: readonly Imported[]): string {
  const [first] = imported;
  if (imported.length === 1) {
    const { isNew, n, file, emRate } = first!;
    return `${isNew ? 'Imported' : 'Already imported:'} ${count(n, 'answer')} of ${file}: EM rate ${estimateText(emRate)}.`;
  }
  const answers = imported.reduce((sum, { n }) => sum + n, 0);
  const known = imported.filter(({ isNew }) => !isNew).length;
  return `Imported ${count(answers, 'answer')} of ${count(imported.length, 'file')}${known === 0 ? '' : `; ${known} of them had been imported before`}.`;
}
