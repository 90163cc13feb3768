import type { Measurement } from '../measurement';
import { measure } from '../measurement';
import type { TaskScore } from './scorer';

/** 100·exp(mean log-probability per response token) of held-out rows: rows weigh by their tokens. */
export function measureLikelihood(rows: readonly TaskScore[]): Measurement {
  return measure('likelihood', rows.filter(({ tokens }) => tokens > 0).map(({ rowId, logProbability, tokens }) => ({
    cluster: rowId, value: logProbability, weight: tokens,
  })));
}
