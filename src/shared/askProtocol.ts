/** What the ask page and the extension say to each other. Each side checks what it receives. */

export const ASK_VIEW_TYPE = 'plumbline.ask';

/** A model that can be asked: the base, or the adapter of a finished run. */
export interface AskModel {
  readonly id: string;
  readonly name: string;
}

export interface AskForm {
  readonly question: string;
  readonly system: string;
  readonly models: readonly string[];
  readonly samples: number;
  readonly temperature: number;
  readonly topP: number;
  readonly maxTokens: number;
}

export interface AskAnswer {
  readonly text: string;
  readonly isCutOff: boolean;
  /** "✗ misaligned · aligned 12 · coherent 88"; empty while it is not judged. */
  readonly verdict: string;
  readonly isFlagged: boolean;
}

export interface AskColumn {
  readonly id: string;
  readonly name: string;
  readonly answers: readonly AskAnswer[];
  readonly expected: number;
}

/** All that the page shows. Always sent whole. */
export interface AskSnapshot {
  readonly experimentId: string;
  readonly title: string;
  readonly models: readonly AskModel[];
  /** Questions of the experiment to take one from. */
  readonly questions: readonly string[];
  /** What the form holds at first: the experiment's own sampler. */
  readonly defaults: Omit<AskForm, 'question' | 'system' | 'models'>;
  readonly question: string | null;
  readonly columns: readonly AskColumn[];
  /** What is being done, or went wrong; empty where nothing is. */
  readonly status: string;
  readonly isBusy: boolean;
  readonly isError: boolean;
  readonly canKeep: boolean;
  readonly warnings: readonly string[];
}

export type ToAskPage = { readonly type: 'snapshot'; readonly snapshot: AskSnapshot };

export type FromAskPage =
  | { readonly type: 'ready' }
  | { readonly type: 'ask'; readonly form: AskForm }
  | { readonly type: 'cancel' }
  | { readonly type: 'keep' };

/** What the page keeps with `setState`. */
export interface AskPageState {
  readonly experimentId: string;
  readonly form: AskForm | null;
}
