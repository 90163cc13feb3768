import * as path from 'node:path';
import { writeJsonAtomic } from '../files/atomicWrite';
import { readJsonIfPresent } from '../files/readJson';
import { evaluationSpec, type Generation, type Judgment, type MetricsFile, type MetricsJudge } from '../schema/evaluation';
import { judgmentsPath, leasePath, metricsPath, readGenerations, readJudgments, readMetricsJudge, readScores } from './answerFiles';
import type { Judge, JudgeOptions } from './judge';
import { appendJsonLines } from './jsonLines';
import { readLeaseHolder, takeLease, type LeaseHolder } from './lease';
import { computeMetrics } from './metrics';

const BATCH_SIZE = 32;

export type JudgingResult =
  /** Everything is judged and the metrics are written. */
  | { readonly state: 'complete'; readonly judged: number; readonly metrics: MetricsFile }
  /** Stopped by its signal: what was judged is kept, and the next call goes on from there. */
  | { readonly state: 'stopped'; readonly judged: number }
  /** Somebody else is judging it with the same judge. */
  | { readonly state: 'leased'; readonly holder: LeaseHolder | null };

/**
 * Judges the answers of an evaluation directory that this version of the judge has not judged yet, or to which it got no
 * readable reply, appends judgments.<judge>.jsonl in batches and writes metrics.<judge>.json. Holds a lease meanwhile; can be stopped and called again.
 */
export async function judgeEvaluation(directory: string, judge: Judge, options: JudgeOptions = {}): Promise<JudgingResult> {
  const leaseFile = leasePath(directory, judge.id);
  const lease = await takeLease(leaseFile);
  if (lease === null) {
    return { state: 'leased', holder: await readLeaseHolder(leaseFile) };
  }
  try {
    const judged = await judgeMissing(directory, judge, options);
    if (options.signal?.aborted) {
      return { state: 'stopped', judged };
    }
    return { state: 'complete', judged, metrics: await writeMetrics(directory, judge) };
  } finally {
    await lease.release();
  }
}

/** Computes metrics.<judge>.json from the answers, scores and judgments on disk (raw: without labels) and writes it by rename. */
export async function writeMetrics(directory: string, judge: MetricsJudge): Promise<MetricsFile> {
  const [spec, generations, scores, judgments] = await Promise.all([
    readJsonIfPresent(path.join(directory, 'evaluation.json'), evaluationSpec),
    readGenerations(directory),
    readScores(directory),
    readJudgments(directory, judge.id),
  ]);
  const byKey = new Map(judgments.items.map((judgment) => [judgment.key, judgment]));
  const answers = generations.items.map((generation) => ({
    generation,
    judgment: byKey.get(generation.key) ?? null,
    label: null,
  }));
  const metrics = computeMetrics(answers, scores.items, { id: path.basename(directory), task: spec?.task ?? null }, judge);
  await writeJsonAtomic(metricsPath(directory, judge.id), metrics);
  return metrics;
}

/** The answers of an evaluation directory that this judge is still to judge. */
export async function missingAnswers(directory: string, judge: Pick<Judge, 'id' | 'version'>): Promise<Generation[]> {
  return (await findMissing(directory, judge)).missing;
}

async function findMissing(directory: string, judge: Pick<Judge, 'id' | 'version'>): Promise<{ missing: Generation[]; total: number }> {
  const { items: generations } = await readGenerations(directory);
  const { items: judgments } = await readJudgments(directory, judge.id);
  const metricsVersion = (await readMetricsJudge(directory, judge.id))?.version;
  const isByThisVersion = ({ version }: Judgment) => (version ?? metricsVersion ?? judge.version) === judge.version;
  const present = new Set(judgments.filter((one) => isByThisVersion(one) && one.unjudged !== 'unreadable').map(({ key }) => key));
  return { missing: generations.filter(({ key }) => !present.has(key)), total: generations.length };
}

async function judgeMissing(directory: string, judge: Judge, { signal, onProgress }: JudgeOptions): Promise<number> {
  const { missing, total } = await findMissing(directory, judge);
  const batchSize = judge.batchSize ?? BATCH_SIZE;
  let judged = 0;
  onProgress?.(total - missing.length, total);
  while (judged < missing.length && !signal?.aborted) {
    const done = total - missing.length + judged;
    const batch = missing.slice(judged, judged + batchSize);
    const judgments = await judgeBatch(batch, judge, { signal, onProgress: (n) => onProgress?.(done + n, total) });
    if (judgments === null) {
      break;
    }
    await appendJsonLines(judgmentsPath(directory, judge.id), judgments);
    judged += batch.length;
    onProgress?.(done + batch.length, total);
  }
  return judged;
}

/** Null: stopped by the signal. */
async function judgeBatch(batch: readonly Generation[], judge: Judge, options: JudgeOptions): Promise<Judgment[] | null> {
  try {
    const verdicts = await judge.judge(batch.map(({ question, answer }) => ({ question, answer })), options);
    if (verdicts.length !== batch.length) {
      throw new Error(`Judge '${judge.id}' gave ${verdicts.length} verdicts for ${batch.length} answers.`);
    }
    return batch.map(({ key }, index) => ({ key, ...verdicts[index]!, version: judge.version }));
  } catch (error) {
    if (options.signal?.aborted) {
      return null;
    }
    throw error;
  }
}
