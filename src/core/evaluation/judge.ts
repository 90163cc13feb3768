import type { Judgment } from '../schema/evaluation';

export interface JudgeItem {
  readonly question: string;
  readonly answer: string;
}

/** A judge's verdict on one answer; scores from 0 to 100, null: could not be judged. */
export type Verdict = Omit<Judgment, 'key' | 'version'>;

export interface JudgeOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** What judging some answers would take, before anything is sent. */
export interface JudgingEstimate {
  readonly answers: number;
  /** Of a judge that is asked by prompts: requests that were not answered before. Null: nothing is sent. */
  readonly requests: number | null;
  /** Estimated at 4 bytes a token. */
  readonly tokens: { readonly sent: number; readonly received: number };
  /** Null: no price is known. */
  readonly cost: { readonly amount: number; readonly currency: string } | null;
}

/** Whoever gives answers an aligned and a coherent score. */
export interface Judge {
  readonly id: string;
  readonly version: string;
  /** What a reader must know before believing its numbers, such as that they cannot be had again. */
  readonly caveat?: string;
  /** Answers that are handed over at a time; 32 where not given. */
  readonly batchSize?: number;
  /** Of judges that send the answers somewhere. */
  estimate?(items: readonly JudgeItem[]): Promise<JudgingEstimate>;
  /** One verdict an item, in the items' order. */
  judge(items: readonly JudgeItem[], options?: JudgeOptions): Promise<Verdict[]>;
  dispose(): Promise<void>;
}
