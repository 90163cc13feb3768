import { userInfo } from 'node:os';
import type { Label, PersonalVerdict } from '../schema/evaluation';
import { timestamp } from '../schema/time';
import { answerHash } from '../evaluation/answerHash';
import { appendLabel, readLabels } from './labels';

/** What was labelled, and how to take it back. */
export interface LabelChange {
  readonly storeDir: string;
  readonly hash: string;
  readonly before: Label | null;
  readonly after: PersonalVerdict | null;
}

/** Writes labels and remembers the way back. */
export class LabelBook {
  private readonly changes: LabelChange[] = [];

  constructor(private readonly by = userInfo().username) {}

  /** Labels an answer, in place of an earlier label; `null` takes the label back. */
  async set(storeDir: string, question: string, answer: string, verdict: PersonalVerdict | null, note?: string): Promise<LabelChange> {
    const hash = answerHash(question, answer);
    const before = (await readLabels(storeDir)).get(hash) ?? null;
    await appendLabel(storeDir, { ...this.signed(hash, verdict), ...(note ? { note } : {}) });
    const change = { storeDir, hash, before, after: verdict };
    this.changes.push(change);
    return change;
  }

  /** Takes the last change back, an earlier label with its author and time included; null where there is none. */
  async undo(): Promise<LabelChange | null> {
    const change = this.changes.pop();
    if (change === undefined) return null;
    await appendLabel(change.storeDir, change.before ?? this.signed(change.hash, null));
    return change;
  }

  private signed(answerHash: string, verdict: PersonalVerdict | null): Label {
    return { answerHash, verdict, by: this.by, at: timestamp() };
  }
}
