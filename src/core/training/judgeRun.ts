import { join } from 'node:path';
import { storeOfRun } from '../experiments/store';
import { readJson } from '../files/readJson';
import { judgeEvaluation } from '../evaluation/judgeEvaluation';
import type { Judge, JudgeOptions } from '../evaluation/judge';
import { runSpec } from '../schema/run';

/** Judges every evaluation of a run that is done. */
export async function judgeRun(runFolder: string, judge: Judge, options: JudgeOptions = {}): Promise<void> {
  const spec = await readJson(join(runFolder, 'run.json'), runSpec);
  const store = storeOfRun(runFolder);
  for (const { checkpoint, id } of spec.evaluations) {
    await judgeEvaluation(store.evaluationFolder(spec.experimentId, spec.id, checkpoint, id), judge, options);
  }
}
