import type { ExperimentResults } from '../analysis/experimentResults';
import { formatJudge, formatNumber, formatSampler } from '../analysis/formatEstimate';
import { judgmentNotes } from '../evaluation/judgmentCounts';
import { judgeInfoFor, type JudgeAgreement, type JudgeInfo } from '../evaluation/judgeInfo';
import type { ReportOptions } from './reportOptions';

/** The judge's info, where it is the judge that gave these scores. */
export function judgeInfoOf(results: ExperimentResults, { judge }: ReportOptions): JudgeInfo | null {
  return judgeInfoFor(results.judge.id, judge);
}

/** Warnings that stand wherever the numbers do. */
export function reportWarnings(results: ExperimentResults, options: ReportOptions): string[] {
  const info = judgeInfoOf(results, options);
  const unfinished = results.arms.filter(({ runs }) => runs.finished > 0 && runs.finished < runs.planned);
  const isOtherVersion = info !== null && results.judge.version !== null && info.version !== results.judge.version;
  return [
    ...(info?.weak ? [weakJudgeWarning(info)] : []),
    ...(isOtherVersion ? [`These answers were judged by version ${results.judge.version} of '${info.id}'; the agreement below is that of version ${info.version}.`] : []),
    ...judgingWarnings(results),
    ...unfinished.map(({ name, runs }) => `${name}: ${runs.finished} of ${runs.planned} runs are finished; its numbers are of those.`),
    ...(results.problems.length > 0 ? [`${results.problems.length} lines of results could not be read and are left out; the first: ${results.problems[0]}`] : []),
  ];
}

/** What must be said of who judged, and how, wherever the numbers stand. */
export function judgingWarnings({ judge, judgments, judges }: Pick<ExperimentResults, 'judge' | 'judgments' | 'judges'>): string[] {
  const others = judges.filter(({ id }) => id !== judge.id).map(({ id }) => id);
  const isUnjudged = judgments.judged === 0 && judgments.answers > 0;
  return [
    ...(judge.caveat === undefined ? [] : [judge.caveat]),
    ...(isUnjudged ? [`'${judge.id}' has not judged these ${judgments.answers} answers yet.${others.length > 0 ? ` ${others.join(', ')} ${others.length > 1 ? 'have' : 'has'}.` : ''}`] : []),
    ...judgmentNotes(judgments),
  ];
}

/** Said wherever a weak judge's numbers stand. */
export function weakJudgeWarning({ id, agreement }: JudgeInfo): string {
  const why = agreement
    ? `'${id}' agrees too little with ${agreement.reference}`
    : `the agreement of '${id}' with a better judge was not measured`;
  return `Weak judge: ${why}. Do not quote these EM rates and coherence values; look at the answers, and at the probe.`;
}

/** What the numbers are of, as name and value. */
export function reportFacts(results: ExperimentResults, options: ReportOptions): [string, string][] {
  const { experiment, model, datasets, sampler, over } = results;
  const agreement = judgeInfoOf(results, options)?.agreement;
  const others = results.judges.filter(({ id }) => id !== results.judge.id);
  const nameOf = (ids: readonly string[]) => ids.map((id) => datasets.find((dataset) => dataset.id === id)?.name ?? id).join(', ');
  return [
    ['Experiment', `${experiment.name} (${experiment.id})`],
    ['Model', model ? `${model.name}, weights ${model.weightsHash.slice(0, 12)}` : 'unknown'],
    ...(datasets.length > 0 ? [['Datasets', datasets.map(({ name, role }) => `${name} (${role})`).join(', ')] as [string, string]] : []),
    ...(datasets.length > 1 ? [['Over', `EM rate, narrow misalignment and coherence: ${nameOf(over.em)}; task score: ${nameOf(over.task)}`] as [string, string]] : []),
    ...(experiment.seeds.length > 0 ? [['Seeds', experiment.seeds.join(', ')] as [string, string]] : []),
    ['Sampler', formatSampler(sampler)],
    ['Judge', formatJudge(results.judge).replace('judge: ', '')],
    ...(others.length > 0 ? [['Also judged by', others.map(({ id, version }) => formatJudge({ id, version }).replace('judge: ', '')).join(', ')] as [string, string]] : []),
    ...(agreement ? [['Agreement of the judge', agreementText(agreement)] as [string, string]] : []),
  ];
}

/** How well a judge agrees, in one line. */
export function agreementText({ reference, on, n, measures }: JudgeAgreement): string {
  const texts = measures.map(({ name, value, low, high }) =>
    `${name} ${formatNumber(value, 2)}${low === undefined || high === undefined ? '' : ` [${formatNumber(low, 2)}, ${formatNumber(high, 2)}]`}`);
  return `with ${reference} on ${on}, n=${n}: ${texts.join(', ')}`;
}
