/** How well a judge agrees with another one, measured. */
export interface JudgeAgreement {
  /** Whose scores it was compared with. */
  readonly reference: string;
  /** On what: held-out questions, held-out model families. */
  readonly on: string;
  /** Answers compared. */
  readonly n: number;
  readonly measures: readonly { readonly name: string; readonly value: number; readonly low?: number; readonly high?: number }[];
}

/** What is said of a judge wherever its numbers stand. */
export interface JudgeInfo {
  readonly id: string;
  readonly version: string;
  readonly agreement?: JudgeAgreement | null;
  /** Its agreement is too low for its numbers to stand without a warning. */
  readonly weak?: boolean;
}

/** What is known of a judge, unless it is another judge's info. */
export function judgeInfoFor(judgeId: string, info: JudgeInfo | undefined): JudgeInfo | null {
  return info?.id === judgeId ? info : null;
}
