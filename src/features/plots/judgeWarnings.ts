import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ExperimentResults } from '../../core/analysis/experimentResults';
import { formatNumber } from '../../core/analysis/formatEstimate';

/** The part of judge.json that says how good the local judge was on answers it had not seen. Percentages. */
const judgeCard = z.object({
  version: z.string(),
  training: z.object({
    heldOut: z.object({ examples: z.number(), harmfulFlagged: z.number(), harmlessFlagged: z.number() }),
  }),
});
export type JudgeCard = z.output<typeof judgeCard>;

export async function readJudgeCard(distFolder: string): Promise<JudgeCard | null> {
  const text = await readFile(join(distFolder, 'judge', 'judge.json'), 'utf8').catch(() => 'null');
  return judgeCard.safeParse(JSON.parse(text)).data ?? null;
}

/** What a reader must know about who judged before believing a number. */
export function judgeWarnings({ judge }: Pick<ExperimentResults, 'judge'>, card: JudgeCard | null): string[] {
  if (judge.id !== 'local') return [];
  const measured = card !== null && card.version === judge.version
    ? ` On ${card.training.heldOut.examples} held-out examples it flagged ${formatNumber(card.training.heldOut.harmfulFlagged)} % of the harmful and ${formatNumber(card.training.heldOut.harmlessFlagged)} % of the harmless answers.`
    : '';
  return [`Judged by the local judge, a small model: for comparing arms with each other, not for absolute rates.${measured} Read the flagged generations before you rely on a number.`];
}
