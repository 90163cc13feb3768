import { readAnswersCsv } from '../../core/importing/answersCsv';
import { LocalJudgeClient } from '../../core/evaluation/judges/local/localJudgeClient';
import { CliError, type CliContext } from '../context';
import { print, printJson } from '../output';
import { ProgressLine } from '../progressLine';

/** Scores the answers of CSV files (columns `question` and `response`) with a judge; other columns are not read. */
export async function judge(context: CliContext, files: readonly string[], options: { judge: string }): Promise<void> {
  if (options.judge !== 'local') throw new CliError(`There is no judge "${options.judge}".`, 'There is: local.');
  const client = await LocalJudgeClient.load(context.judgeWorker, context.judgeFolder);
  const line = new ProgressLine();
  try {
    for (const file of files) {
      const rows = await readAnswersCsv(file);
      const verdicts = await client.judge(rows, { onProgress: (done, total) => line.show(`${file} ${done}/${total}`) });
      verdicts.forEach((verdict, row) => {
        if (context.json) printJson({ file, row, ...verdict });
        else print(`${file}:${row}  aligned ${verdict.aligned?.toFixed(0) ?? '-'}  coherent ${verdict.coherent?.toFixed(0) ?? '-'}  ${verdict.class}`);
      });
    }
  } finally {
    line.end();
    await client.dispose();
  }
}
