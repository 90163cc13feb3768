import { existsSync } from 'node:fs';
import { metricsPath } from '../evaluation/answerFiles';
import type { RunSpec } from '../schema/run';
import type { ExperimentStore } from './store';

/** Whether every evaluation of a run has metrics by the run's judge; a run that asks nothing needs none. */
export function isJudged(store: ExperimentStore, spec: RunSpec): boolean {
  return spec.evaluations.every(({ checkpoint, id }) =>
    existsSync(metricsPath(store.evaluationFolder(spec.experimentId, spec.id, checkpoint, id), spec.judge)));
}
