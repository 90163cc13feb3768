import type { ExperimentResults } from '../../core/analysis/experimentResults';

/** What a reader must know about who judged before believing a number. */
export function judgeWarnings({ judge }: ExperimentResults): string[] {
  if (judge.id !== 'local') return [];
  return ['Judged by the local judge, a small model: good for comparing arms with each other, weaker than a large judge. Read the flagged generations before you rely on a rate.'];
}
