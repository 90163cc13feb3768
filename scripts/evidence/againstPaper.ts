import type { ArmResults, DatasetResults } from '../../src/core/analysis/experimentResults';
import { formatEstimate, formatNumber, NOT_RUN } from '../../src/core/analysis/formatEstimate';
import { isDistinguishable } from '../../src/core/evaluation/estimate';
import type { Estimate } from '../../src/core/schema/evaluation';
import type { DefenseTypeName } from '../../src/core/schema/defenses';

/** arXiv 2508.06249 v3 (Kaczer et al.): Qwen2.5-7B-Instruct on insecure code; percent of general misalignment gone, and in-domain misalignment in percent (undefended: 51.6). */
const PAPER: Partial<Record<DefenseTypeName, { readonly gone: number; readonly inDomain: number }>> = {
  kl: { gone: 90.5, inDomain: 25.7 },
  ldifs: { gone: 9.2, inDomain: 53.0 },
  'persona-steering': { gone: 98.0, inDomain: 51.3 },
  inoculation: { gone: 52.1, inDomain: 53.2 },
  interleave: { gone: 85.5, inDomain: 51.7 },
  'interleave-plus-plus': { gone: 90.3, inDomain: 51.9 },
};
const PAPER_UNDEFENDED_IN_DOMAIN = 51.6;
/** Points of in-domain misalignment from which on the paper's change counts as one. */
const NOTICEABLE = 5;

/** The harmful dataset's arms beside the paper's numbers: whether the direction agrees, in words. */
export function againstPaper(harmful: readonly DatasetResults[]): string {
  const arms = [...new Map(harmful.flatMap((dataset) => dataset.arms).map((arm) => [arm.name, arm])).values()];
  const rows = arms.flatMap((arm) => {
    const [defense, ...others] = arm.defenses;
    const paper = defense === undefined || others.length > 0 ? undefined : PAPER[defense.type];
    return paper === undefined ? [] : [row(arm, paper)];
  });
  return [
    '## Against the paper', '',
    'The paper trains Qwen2.5-7B on thousands of rows of insecure code; here a model fifty times smaller sees 451 rows of financial advice at ten times the learning rate. Coefficients and rates do not carry over; directions may.', '',
    '| | EM rate gone, %, here | paper | Narrow misalignment, change in points, here | paper | In words |', '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function row(arm: ArmResults, paper: { readonly gone: number; readonly inDomain: number }): string {
  const { emRate, emReduction, narrow } = arm.versusUndefended ?? { emRate: null, emReduction: null, narrow: null };
  const paperNarrow = paper.inDomain - PAPER_UNDEFENDED_IN_DOMAIN;
  const cells = [
    arm.name, emReduction ? formatEstimate(emReduction) : NOT_RUN, formatNumber(paper.gone),
    narrow ? formatEstimate(narrow) : NOT_RUN, formatNumber(paperNarrow), inWords(emRate, narrow, paperNarrow),
  ];
  return `| ${cells.join(' | ')} |`;
}

function inWords(emRate: Estimate | null, narrow: Estimate | null, paperNarrow: number): string {
  if (emRate === null || emRate.value === null || narrow === null || narrow.value === null) {
    return NOT_RUN;
  }
  const em = !isDistinguishable(emRate) ? 'no effect on the EM rate is shown'
    : emRate.value < 0 ? 'lowers the EM rate, as in the paper' : 'raises the EM rate, against the paper';
  const keeps = Math.abs(paperNarrow) < NOTICEABLE;
  const lesson = !isDistinguishable(narrow) ? (keeps ? 'no loss of the narrow lesson is shown, as in the paper' : 'the paper\'s loss of the narrow lesson is not shown')
    : narrow.value > 0 ? 'the narrow lesson is learned more' : (keeps ? 'the narrow lesson suffers, against the paper' : 'the narrow lesson suffers, as in the paper');
  return `${em}; ${lesson}`;
}
