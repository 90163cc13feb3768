import { basename, dirname, resolve } from 'node:path';
import { errorFinding, type Problem } from '../datasets/problem';
import type { JsonDocument } from '../datasets/jsonDocument';
import { LOCAL_JUDGE } from '../schema/judgeFile';
import type { FileAccess } from './fileAccess';
import { readJudgeFile } from './judgeFile';

/** What is wrong with the judge file that an experiment names, in that file, and at the name that leads there. A missing one is named by `checkReferences`. */
export async function checkJudge(document: JsonDocument, judge: string, files: FileAccess): Promise<readonly Problem[]> {
  const file = resolve(dirname(document.file), judge);
  if (judge === LOCAL_JUDGE || !await files.isFile(file)) {
    return [];
  }
  const { problems } = await readJudgeFile(file, files);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return errors === 0 ? problems : [...problems, document.problemAt(['evaluation', 'judge'], errorFinding('invalid-judge-file',
    `${basename(file)} has ${errors} ${errors === 1 ? 'error' : 'errors'}. Correct that file first.`))];
}
