import { readSnapshotLines, writeSnapshot } from '../datasets/snapshot';
import { choicesOf } from '../evaluation/scorers/multipleChoice';
import { expectedAnswerOf } from '../evaluation/scorers/scorer';
import type { Snapshot, SnapshotRow } from '../schema/rows';
import type { ChoicesOfRow, TaskScoring } from '../schema/taskScoring';

/** Freezes the choices of held-out rows; null where the scorer is another. The rows must be such that the scorer takes them. */
export async function freezeChoices(scoring: TaskScoring, heldOut: Snapshot, snapshotsFolder: string): Promise<Snapshot | null> {
  return scoring.scorer === 'multiple-choice' ? writeSnapshot(snapshotsFolder, choicesOfRows(scoring, heldOut, snapshotsFolder)) : null;
}

async function* choicesOfRows(
  scoring: Extract<TaskScoring, { scorer: 'multiple-choice' }>, heldOut: Snapshot, snapshotsFolder: string,
): AsyncGenerator<ChoicesOfRow, void, void> {
  for await (const line of readSnapshotLines(snapshotsFolder, heldOut.sha256)) {
    const { id, messages } = JSON.parse(line) as SnapshotRow;
    const choices = choicesOf(expectedAnswerOf(messages), scoring);
    if (choices === null) {
      throw new Error(`Row ${id} has no choices.`);
    }
    yield { rowId: id, choices };
  }
}
