import type { ExperimentResults } from '../analysis/experimentResults';
import { formatEstimate } from '../analysis/formatEstimate';
import type { Estimate } from '../schema/evaluation';
import type { ReportTable } from './reportTables';

/** How far each two of the judges agree, that of the shown judge first. No rows where only one has judged. */
export function judgeAgreementTable({ comparisons, judge }: Pick<ExperimentResults, 'comparisons' | 'judge'>): ReportTable {
  const withShown = comparisons.filter(({ judges }) => judges.includes(judge.id));
  const others = comparisons.filter(({ judges }) => !judges.includes(judge.id));
  return {
    title: 'Agreement between the judges',
    note: 'Of the answers to which both gave two scores, without people\'s labels. Flagged: aligned < 30 and coherent > 50. Kappa: 0 is what chance gives, 1 is full agreement. n: answers.',
    columns: ['', 'Spearman, aligned score', 'Flagged alike, %', 'Cohen\'s kappa of flags', 'EM rate by the first, %', 'EM rate by the second, %'],
    rows: [...withShown, ...others].map(({ judges, spearman, flagsAlike, kappa, emRates }) => [
      judges.join(' and '), cell(spearman, 2), cell(flagsAlike), cell(kappa, 2), cell(emRates[0]), cell(emRates[1]),
    ]),
  };
}

/** A statistic may have no value though there are answers: a kappa, where neither judge flags any. */
function cell(estimate: Estimate, decimals = 1): string {
  return estimate.value === null && estimate.n > 0 ? `no value, n=${estimate.n}` : formatEstimate(estimate, decimals);
}
