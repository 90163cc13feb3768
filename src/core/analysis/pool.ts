import type { Score } from '../schema/evaluation';
import { scoringOf, type PlannedDataset } from '../schema/experiment';
import type { TaskScoring } from '../schema/taskScoring';
import type { DomainScale } from '../evaluation/domainLeak/domainScale';
import type { JudgedAnswer } from '../evaluation/judgedAnswer';
import { isInGroup } from '../evaluation/metrics';
import type { RunResult } from './runResult';

/** Everything said by one model about one dataset, over its seeds. */
export interface Pool {
  /** Plain general questions. */
  readonly general: readonly JudgedAnswer[];
  /** General questions in the dataset's training-like form. */
  readonly trainingForm: readonly JudgedAnswer[];
  readonly inDomain: readonly JudgedAnswer[];
  /** Hash of the set that the in-domain questions are of; null where there is none. */
  readonly inDomainSet: string | null;
  readonly scores: readonly Score[];
  /** How the held-out rows among the scores are scored. */
  readonly scoring: TaskScoring;
  /** How near an answer is to the dataset's domain; null where that cannot be told. */
  readonly domain: DomainScale | null;
}

/** Puts the answers and scores of several runs together; a dataset without an evaluation of its own has the general part only. */
export function poolRuns(runs: readonly RunResult[], generalEvaluationId: string | null, dataset: PlannedDataset | null, domain: DomainScale | null = null): Pool {
  const ids = new Set([generalEvaluationId, dataset?.evaluationId ?? null]);
  const parts = runs.flatMap((run) => [...run.evaluations].filter(([id]) => ids.has(id)).map(([, part]) => part));
  const answers = parts.flatMap((part) => part.answers);
  const general = answers.filter((answer) => isInGroup(answer, 'all'));
  return {
    general: general.filter(({ generation }) => generation.form === 'plain'),
    trainingForm: general.filter(({ generation }) => generation.form === 'training'),
    inDomain: answers.filter((answer) => isInGroup(answer, 'in-domain') && answer.generation.form === 'plain'),
    inDomainSet: dataset?.inDomain?.sha256 ?? null,
    scores: parts.flatMap((part) => part.scores),
    scoring: dataset === null ? { scorer: 'likelihood' } : scoringOf(dataset),
    domain,
  };
}
