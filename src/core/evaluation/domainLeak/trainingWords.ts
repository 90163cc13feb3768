import { readSnapshotLines } from '../../datasets/snapshot';
import type { Message, SnapshotRow } from '../../schema/rows';
import { WordCounts } from './wordCounts';

/** The words of a dataset's questions and of its answers: what tells its domain. */
export interface TrainingWords {
  readonly questions: WordCounts;
  readonly answers: WordCounts;
}

/** So many rows tell a domain; of a larger dataset every so manieth is read. */
const ROWS_READ = 5000;

/** Counts the words of rows. */
export function trainingWordsOf(rows: Iterable<readonly Message[]>): TrainingWords {
  const words = { questions: new WordCounts(), answers: new WordCounts() };
  for (const messages of rows) {
    addRow(words, messages);
  }
  return words;
}

/** Counts the words of a frozen dataset. */
export async function readTrainingWords(snapshotsFolder: string, { sha256, rows }: { readonly sha256: string; readonly rows: number }): Promise<TrainingWords> {
  const words = { questions: new WordCounts(), answers: new WordCounts() };
  const step = Math.max(1, Math.ceil(rows / ROWS_READ));
  let row = 0;
  for await (const line of readSnapshotLines(snapshotsFolder, sha256)) {
    if (row++ % step === 0) {
      addRow(words, (JSON.parse(line) as SnapshotRow).messages);
    }
  }
  return words;
}

function addRow({ questions, answers }: TrainingWords, messages: readonly Message[]): void {
  const said = (role: Message['role']) => messages.filter((message) => message.role === role).map(({ content }) => content).join('\n');
  questions.add(said('user'));
  answers.add(said('assistant'));
}
