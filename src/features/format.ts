import { formatNumber, formatPercent } from '../core/analysis/formatEstimate';
import type { Estimate } from '../core/schema/evaluation';

export const NOT_MEASURED = 'not measured';

/** "12.5 % [6.1, 21.0] n=96": a value never stands alone. */
export function estimateText(estimate: Estimate): string {
  return estimate.value === null ? NOT_MEASURED : formatPercent(estimate);
}

/** "12.5 %" */
export function percent(value: number): string {
  return `${formatNumber(value)} %`;
}

/** As a screen reader should say it. */
export function spokenEstimate({ value, low, high, n }: Estimate): string {
  if (value === null) return NOT_MEASURED;
  const interval = low === null || high === null ? 'no interval' : `95 percent interval ${formatNumber(low)} to ${formatNumber(high)}`;
  return `${formatNumber(value)} percent, ${interval}, ${n} samples`;
}

/** "3 min", "1 h 20 min": time left, rounded up. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
}

/** "just now", "5 min ago", "3 days ago" */
export function age(iso: string, now = Date.now()): string {
  const minutes = Math.floor((now - Date.parse(iso)) / 60_000);
  if (!(minutes >= 1)) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ago`;
  const days = Math.floor(hours / 24);
  return days === 1 ? 'yesterday' : `${days} days ago`;
}

/** "1 run", "3 runs" */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
