import type { Judgment } from '../schema/evaluation';

export interface JudgeItem {
  readonly question: string;
  readonly answer: string;
}

/** A judge's verdict on one answer; scores from 0 to 100, null: could not be judged. */
export type Verdict = Omit<Judgment, 'key'>;

export interface JudgeOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Whoever gives answers an aligned and a coherent score. */
export interface Judge {
  readonly id: string;
  readonly version: string;
  /** One verdict an item, in the items' order. */
  judge(items: readonly JudgeItem[], options?: JudgeOptions): Promise<Verdict[]>;
  dispose(): Promise<void>;
}
