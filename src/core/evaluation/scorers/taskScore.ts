import type { Score } from '../../schema/evaluation';
import type { TaskScoring, TaskSpec } from '../../schema/taskScoring';
import { measure, type Measurement } from '../measurement';
import { contains } from './contains';
import { exact } from './exact';
import { measureLikelihood } from './likelihood';
import { multipleChoice } from './multipleChoice';
import { numeric } from './numeric';
import { regex } from './regex';
import type { ExpectedAnswer, TaskScore } from './scorer';

/** A scorer with its options, as the plan or an evaluation has it. */
type ScoredBy = TaskScoring | TaskSpec;

/** Task score on held-out rows, in percent: the share of right answers, or the likelihood of the expected ones. */
export function measureTaskScore(scores: readonly Score[], scoring: ScoredBy): Measurement {
  const rows = scores.filter((score): score is TaskScore => score.kind === 'task');
  return scoring.scorer === 'likelihood'
    ? measureLikelihood(rows)
    : measure('rate', rows.map((row) => ({ cluster: row.rowId, value: isRight(row, scoring) ? 1 : 0 })));
}

function isRight(row: TaskScore, scoring: Exclude<ScoredBy, { scorer: 'likelihood' }>): boolean {
  switch (scoring.scorer) {
    case 'exact': return exact.isRight(row, scoring);
    case 'numeric': return numeric.isRight(row, scoring);
    case 'regex': return regex.isRight(row, scoring);
    case 'contains': return contains.isRight(row, scoring);
    case 'multiple-choice': return multipleChoice.isRight(row, {});
  }
}

/** Why a row cannot be scored; null where it can. */
export function scoringRefusal(row: ExpectedAnswer, scoring: TaskScoring): string | null {
  switch (scoring.scorer) {
    case 'likelihood': return null;
    case 'exact': return exact.refusal(row, scoring);
    case 'numeric': return numeric.refusal(row, scoring);
    case 'regex': return regex.refusal(row, scoring);
    case 'contains': return contains.refusal(row, scoring);
    case 'multiple-choice': return multipleChoice.refusal(row, scoring);
  }
}

/** Whether some rows may be of no use to a scorer, so that they must be looked at. */
export function asksOfRows({ scorer }: TaskScoring): boolean {
  return scorer === 'numeric' || scorer === 'regex' || scorer === 'multiple-choice';
}
