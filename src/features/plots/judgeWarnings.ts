import type { ExperimentResults } from '../../core/analysis/experimentResults';
import { judgeInfoFor, type JudgeInfo } from '../../core/evaluation/judgeInfo';
import { agreementText, judgingWarnings, weakJudgeWarning } from '../../core/reports/reportHeader';

/** What a reader must know about who judged, and how, before believing a number: caveats, and the shipped judge's measured agreement with a warning where that is weak. */
export function judgeWarnings(results: Pick<ExperimentResults, 'judge' | 'judgments' | 'judges'>, local: JudgeInfo): string[] {
  return [...infoWarnings(results, local), ...judgingWarnings(results)];
}

function infoWarnings({ judge }: Pick<ExperimentResults, 'judge'>, local: JudgeInfo): string[] {
  const info = judgeInfoFor(judge.id, local);
  if (info === null) return [];
  const otherVersion = judge.version !== null && judge.version !== info.version
    ? [`These answers were judged by version ${judge.version} of the judge; what is said of it is said of version ${info.version}.`] : [];
  const agreement = info.agreement ? [`Agreement of the judge ${agreementText(info.agreement)}.`] : [];
  return [...(info.weak ? [weakJudgeWarning(info)] : []), ...agreement, ...otherVersion];
}
