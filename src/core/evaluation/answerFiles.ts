import { promises as fs } from 'node:fs';
import * as path from 'node:path';
import { z } from 'zod';
import { isMissing, readJsonIfPresent } from '../files/readJson';
import { generation, judgment, metricsJudge, score, type Generation, type Judgment, type MetricsJudge, type Score } from '../schema/evaluation';
import { readJsonLines, type JsonLines } from './jsonLines';

const JUDGE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Where the files of an evaluation directory are. */
export const generationsPath = (directory: string) => path.join(directory, 'generations.jsonl');
export const scoresPath = (directory: string) => path.join(directory, 'scores.jsonl');
export const judgmentsPath = (directory: string, judgeId: string) => path.join(directory, `judgments.${checkedJudgeId(judgeId)}.jsonl`);
export const metricsPath = (directory: string, judgeId: string) => path.join(directory, `metrics.${checkedJudgeId(judgeId)}.json`);
export const leasePath = (directory: string, judgeId: string) => path.join(directory, `judgments.${checkedJudgeId(judgeId)}.lease`);

/** Reads generations.jsonl; of two lines with one key the last wins. */
export async function readGenerations(directory: string): Promise<JsonLines<Generation>> {
  return lastByKey(await readJsonLines(generationsPath(directory), generation), ({ key }) => key);
}

/** Reads judgments.<judge>.jsonl; of two lines with one key the last wins. */
export async function readJudgments(directory: string, judgeId: string): Promise<JsonLines<Judgment>> {
  return lastByKey(await readJsonLines(judgmentsPath(directory, judgeId), judgment), ({ key }) => key);
}

const judgeOfMetrics = z.object({ judge: metricsJudge });

/** Who metrics.<judge>.json is by, or null where there is none. */
export async function readMetricsJudge(directory: string, judgeId: string): Promise<MetricsJudge | null> {
  return (await readJsonIfPresent(metricsPath(directory, judgeId), judgeOfMetrics))?.judge ?? null;
}

/** Ids of the judges that have judged answers of a directory, in alphabetical order. */
export async function judgesIn(directory: string): Promise<string[]> {
  const names = await fs.readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  });
  return names.flatMap((name) => /^judgments\.(.+)\.jsonl$/.exec(name)?.[1] ?? []).sort();
}

/** Reads scores.jsonl; of two lines for one row or pair the last wins. */
export async function readScores(directory: string): Promise<JsonLines<Score>> {
  return lastByKey(await readJsonLines(scoresPath(directory), score), (line) =>
    line.kind === 'task' ? `task ${line.rowId}` : `probe ${line.group} ${line.pairId}`);
}

function lastByKey<T>({ items, problems }: JsonLines<T>, keyOf: (item: T) => string): JsonLines<T> {
  return { items: [...new Map(items.map((item) => [keyOf(item), item])).values()], problems };
}

// The id becomes part of a file name.
function checkedJudgeId(judgeId: string): string {
  if (!JUDGE_ID.test(judgeId)) {
    throw new Error(`'${judgeId}' cannot name a judge: letters, digits, dots, hyphens and underscores only.`);
  }
  return judgeId;
}
