import { writeFile } from 'node:fs/promises';
import { exportLabels, labelLines } from '../../core/labels/exportLabels';
import type { CliContext } from '../context';
import { print } from '../output';

/** Prints all labelled answers of the workspace as JSON lines, or writes them to a file. */
export async function labels(context: CliContext, { output }: { output?: string }): Promise<void> {
  const { answers, orphans } = await exportLabels(context.store.root);
  if (orphans > 0) console.error(`${orphans} labels have no answer in ${context.store.root} any more and are left out.`);
  if (output !== undefined) return writeFile(output, labelLines(answers));
  if (answers.length > 0) print(labelLines(answers).trimEnd());
}
