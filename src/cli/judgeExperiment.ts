import { readJudgments } from '../core/evaluation/answerFiles';
import { estimateFolders, judgeFolders } from '../core/evaluation/judgeFolders';
import { countJudgments, judgmentNotes, type JudgmentCounts } from '../core/evaluation/judgmentCounts';
import { answerFolders } from '../core/experiments/answerFolders';
import type { Experiment } from '../core/schema/experiment';
import { CliError, type CliContext } from './context';
import { confirmSending, untilInterrupted, type OpenedJudge } from './judging';
import { note } from './output';
import { ProgressLine } from './progressLine';

export interface JudgedExperiment {
  readonly experiment: string;
  readonly judge: { readonly id: string; readonly version: string };
  /** Answers judged now. */
  readonly judged: number;
  readonly judgments: JudgmentCounts;
}

/** Judges the complete answers of an experiment, what the judge has not judged yet: no run again. */
export async function judgeExperiment(context: CliContext, experiment: Experiment, opened: OpenedJudge, yes: boolean): Promise<JudgedExperiment> {
  const { judge } = opened;
  const directories = (await answerFolders(context.store, experiment)).map(({ directory }) => directory);
  if (directories.length === 0) throw new CliError(`${experiment.id} has no complete answers yet.`, 'A run\'s answers are complete when it is done.');
  await confirmSending(opened, await estimateFolders(directories, judge), yes);
  const line = new ProgressLine();
  const { judged, isStopped, leased } = await untilInterrupted((signal) =>
    judgeFolders(directories, judge, { signal, onProgress: (done, total) => line.show(`${experiment.id} ${done}/${total}`) })).finally(() => line.end());
  if (isStopped) throw new CliError('Stopped.', 'What was judged is kept; the same command goes on from there.');
  if (leased.length > 0) throw new CliError(`Somebody else is judging with ${judge.id}.`, `Wait for that to end, then judge again: ${leased.join(', ')}`);
  const judgments = await Promise.all(directories.map(async (directory) => (await readJudgments(directory, judge.id)).items));
  const counts = countJudgments(judgments.flat());
  for (const remark of judgmentNotes(counts)) note(`${experiment.id}: ${remark}`);
  return { experiment: experiment.id, judge: { id: judge.id, version: judge.version }, judged, judgments: counts };
}
