import type { Estimate, Sampler } from '../schema/evaluation';

/** What stands where nothing was measured. */
export const NOT_RUN = 'not run';

/** A number with as many decimals, a real minus sign, and no negative zero. */
export function formatNumber(value: number, decimals = 1): string {
  const text = value.toFixed(decimals);
  return (Number(text) === 0 ? text.replace('-', '') : text).replace('-', '−');
}

/** `[20.8, 39.6]`, a 95 % interval. */
export function formatInterval({ low, high }: Estimate, decimals = 1): string {
  return low === null || high === null ? '[no interval]' : `[${formatNumber(low, decimals)}, ${formatNumber(high, decimals)}]`;
}

/** `30.2 [20.8, 39.6] n=96`: never a number without its interval and its n. */
export function formatEstimate(estimate: Estimate, decimals = 1): string {
  return estimate.value === null
    ? NOT_RUN
    : `${formatNumber(estimate.value, decimals)} ${formatInterval(estimate, decimals)} n=${estimate.n}`;
}

/** `30.2 % [20.8, 39.6] n=96`, within a sentence. */
export function formatPercent(estimate: Estimate): string {
  return estimate.value === null ? NOT_RUN : formatEstimate(estimate).replace(' ', ' % ');
}

/** The sampler in one phrase: it stands under every figure. */
export function formatSampler(sampler: Sampler | null): string {
  if (sampler === null) {
    return 'sampler unknown';
  }
  const { temperature, topP, maxTokens, samplesPerQuestion } = sampler;
  const samples = samplesPerQuestion === 1 ? '1 sample' : `${samplesPerQuestion} samples`;
  return `${samples} a question, temperature ${temperature}, top-p ${topP}, up to ${maxTokens} tokens`;
}

/** The judge in one phrase. */
export function formatJudge({ id, version }: { id: string; version: string | null }): string {
  return version === null ? `judge: ${id}` : `judge: ${id} (${version})`;
}
