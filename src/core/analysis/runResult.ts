import type { Score } from '../schema/evaluation';
import type { Experiment } from '../schema/experiment';
import type { ModelReference } from '../schema/modelReference';
import type { JudgedAnswer } from '../evaluation/judgedAnswer';

/** What one run left behind, by evaluation id. */
export interface RunResult {
  readonly runId: string;
  readonly armId: string | null;
  readonly datasetId: string | null;
  readonly seed: number;
  readonly finished: boolean;
  readonly evaluations: ReadonlyMap<string, EvaluationResult>;
  /** Evaluations along the way, by optimizer step; those of the end are in `evaluations`. */
  readonly checkpoints?: ReadonlyMap<number, ReadonlyMap<string, EvaluationResult>>;
  /** Optimizer steps of the whole run, where something was evaluated on the way. */
  readonly steps?: number;
  /** The run of the same arm that this one, of the second fine-tuning, went on from. */
  readonly continues?: string;
}

export interface EvaluationResult {
  readonly answers: readonly JudgedAnswer[];
  readonly scores: readonly Score[];
}

/** An experiment as read from disk: what the results are computed from. Runs that are not there yet are absent. */
export interface LoadedExperiment {
  readonly experiment: Experiment;
  readonly judge: { readonly id: string; readonly version: string | null };
  readonly base: RunResult | null;
  readonly runs: readonly RunResult[];
  /** Reference models that a person named, asked before training. */
  readonly references?: readonly { readonly model: ModelReference; readonly result: RunResult }[];
  readonly problems: readonly string[];
}
