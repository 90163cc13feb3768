import type { JudgeItem, Verdict } from '../../judge';

/** What the worker is started with. */
export interface WorkerStart {
  readonly modelDir: string;
}

export type ToWorker =
  | { readonly type: 'judge'; readonly request: number; readonly items: readonly JudgeItem[] }
  | { readonly type: 'cancel'; readonly request: number }
  | { readonly type: 'dispose' };

export type FromWorker =
  | { readonly type: 'ready'; readonly version: string }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'progress'; readonly request: number; readonly done: number; readonly total: number }
  | { readonly type: 'result'; readonly request: number; readonly verdicts: Verdict[] }
  | { readonly type: 'error'; readonly request: number; readonly message: string };
