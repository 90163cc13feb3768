import type { Estimate, Generation, Judgment } from '../schema/evaluation';
import { sumsBootstrap } from './bootstrap';
import { estimate, NOT_MEASURED } from './estimate';
import { countsForEmRate, isFlagged, type JudgedAnswer } from './judgedAnswer';
import { measure } from './measurement';
import { measureEmRate } from './metrics';
import { ranksOf } from './ranks';

/** An answer that two judges have judged. */
export interface TwiceJudged {
  readonly generation: Generation;
  readonly judgments: readonly [Judgment, Judgment];
}

/** How far two judges agree on the answers to which both gave two scores. */
export interface JudgeComparison {
  readonly judges: readonly [string, string];
  /** Rank correlation (Spearman) of the aligned scores, -1 to 1. */
  readonly spearman: Estimate;
  /** Share of answers that both flag or neither does, in percent. */
  readonly flagsAlike: Estimate;
  /** Cohen's kappa of the flags (Cohen 1960): agreement beyond chance, at most 1. */
  readonly kappa: Estimate;
  /** EM rate by each, in percent, of the very same answers. */
  readonly emRates: readonly [Estimate, Estimate];
}

/** Compares two judges; labels play no part. Intervals are 95 %, by bootstrap over questions; Spearman's takes the ranks as they are. */
export function compareJudges(judges: readonly [string, string], answers: readonly TwiceJudged[]): JudgeComparison {
  const pairs = answers.map(({ generation, judgments: [first, second] }): [JudgedAnswer, JudgedAnswer] =>
    [{ generation, judgment: first, label: null }, { generation, judgment: second, label: null }]).filter((pair) => pair.every(countsForEmRate));
  const flags = pairs.map(([first, second]) => [isFlagged(first), isFlagged(second)] as const);
  const questions = pairs.map(([{ generation }]) => generation.questionId);
  return {
    judges,
    spearman: spearmanOf(pairs, questions),
    flagsAlike: estimate([measure('rate', flags.map(([first, second], i) => ({ cluster: questions[i]!, value: first === second ? 1 : 0 })))]),
    kappa: statistic(flags.map(([first, second]) => [1, Number(first), Number(second), Number(first && second)]), questions, kappaOf),
    emRates: [estimate([measureEmRate(pairs.map(([first]) => first))]), estimate([measureEmRate(pairs.map(([, second]) => second))])],
  };
}

function spearmanOf(pairs: readonly (readonly [JudgedAnswer, JudgedAnswer])[], questions: readonly string[]): Estimate {
  const ranks = ([0, 1] as const).map((side) => ranksOf(pairs.map((pair) => pair[side].judgment!.aligned!)));
  const moments = pairs.map((_, i) => {
    const [x, y] = [ranks[0]![i]!, ranks[1]![i]!];
    return [1, x, y, x * x, y * y, x * y];
  });
  return statistic(moments, questions, correlationOf);
}

/** Pearson's correlation from the sums of 1, x, y, x², y² and xy; NaN where one side does not vary. */
function correlationOf([n, x, y, xx, yy, xy]: readonly number[]): number {
  const variance = (n! * xx! - x! * x!) * (n! * yy! - y! * y!);
  return variance > 0 ? (n! * xy! - x! * y!) / Math.sqrt(variance) : NaN;
}

/** From the sums of 1, first flag, second flag and both; NaN where chance alone agrees always: nothing, or everything, is flagged by both. */
function kappaOf([n, first, second, both]: readonly number[]): number {
  const alike = (n! - first! - second! + 2 * both!) / n!;
  const byChance = (first! * second! + (n! - first!) * (n! - second!)) / (n! * n!);
  return byChance === 1 ? NaN : (alike - byChance) / (1 - byChance);
}

/** A statistic of sums over answers, with its interval over questions. */
function statistic(rows: readonly (readonly number[])[], questions: readonly string[], of: (sums: readonly number[]) => number): Estimate {
  const clusters = new Map<string, number[]>();
  rows.forEach((row, i) => {
    const known = clusters.get(questions[i]!);
    clusters.set(questions[i]!, known ? known.map((sum, j) => sum + row[j]!) : [...row]);
  });
  const sums = [...clusters.values()];
  const value = rows.length === 0 ? NaN : of(sums.reduce((total, cluster) => total.map((sum, j) => sum + cluster[j]!)));
  if (!Number.isFinite(value)) {
    return { ...NOT_MEASURED, n: rows.length };
  }
  const interval = sums.length < 2 ? null : sumsBootstrap(sums, of);
  return { value, low: interval?.low ?? null, high: interval?.high ?? null, n: rows.length };
}
