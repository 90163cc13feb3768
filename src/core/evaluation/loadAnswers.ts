import type { Score } from '../schema/evaluation';
import { readGenerations, readJudgments, readScores } from './answerFiles';
import { answerHash } from './answerHash';
import type { JsonLinesProblem } from './jsonLines';
import type { JudgedAnswer } from './judgedAnswer';
import type { Labels } from '../labels/labels';

/** What an evaluation directory holds, seen through one judge and people's labels. */
export interface LoadedAnswers {
  readonly answers: readonly JudgedAnswer[];
  readonly scores: readonly Score[];
  /** Lines that could not be read. */
  readonly problems: readonly JsonLinesProblem[];
}

/** Reads an evaluation directory and joins answers, judgments and labels. A directory that is not there yet has no answers. */
export async function loadAnswers(directory: string, judgeId: string, labels: Labels): Promise<LoadedAnswers> {
  const [generations, scores, judgments] = await Promise.all([
    readGenerations(directory),
    readScores(directory),
    readJudgments(directory, judgeId),
  ]);
  const byKey = new Map(judgments.items.map((judgment) => [judgment.key, judgment]));
  return {
    answers: generations.items.map((generation) => ({
      generation,
      judgment: byKey.get(generation.key) ?? null,
      label: labels.size === 0 ? null : labels.get(answerHash(generation.question, generation.answer)) ?? null,
    })),
    scores: scores.items,
    problems: [...generations.problems, ...scores.problems, ...judgments.problems],
  };
}
