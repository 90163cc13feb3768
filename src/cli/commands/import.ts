import { importCsv } from '../../core/importing/importCsv';
import type { CliContext } from '../context';
import { note, print, printJson, problemText } from '../output';

/** Imports result files that people already have. The same file again changes nothing. */
export async function importFiles(context: CliContext, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const { problems, ...result } = await importCsv(context.store.root, file);
    for (const problem of problems) note(problemText(problem));
    if (context.json) printJson({ file, ...result });
    else print(`${file}: ${result.experimentId}, n ${result.n}, EM rate ${result.emRate.value?.toFixed(2) ?? 'not measured'} %`);
  }
}
