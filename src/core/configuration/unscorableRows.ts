import type { TaskScoring } from '../schema/taskScoring';
import { expectedAnswerOf } from '../evaluation/scorers/scorer';
import { asksOfRows, scoringRefusal } from '../evaluation/scorers/taskScore';
import type { ReadOptions } from '../datasets/fileBytes';
import { errorAt, type Problem } from '../datasets/problem';
import { readDataset } from '../datasets/readDataset';

/**
 * The rows of a dataset that its scorer cannot score, by line: any of them may be held out. Rows with problems of their own
 * are passed over, as they are named elsewhere.
 */
export async function findUnscorableRows(path: string, scoring: TaskScoring, options: ReadOptions = {}): Promise<Problem[]> {
  const problems: Problem[] = [];
  if (!asksOfRows(scoring)) {
    return problems;
  }
  for await (const { line, messages } of readDataset(path, options)) {
    const refusal = messages && scoringRefusal(expectedAnswerOf(messages), scoring);
    if (refusal) {
      problems.push(errorAt(path, line, 'answer-not-scorable', refusal));
    }
  }
  return problems;
}
