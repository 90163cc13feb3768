import type { Experiment } from '../schema/experiment';
import type { RunSpec } from '../schema/run';
import { isMissing } from '../files/readJson';
import type { ExperimentStore } from './store';

/** An evaluation directory of a run whose answers are complete. */
export interface AnswerFolder {
  readonly runId: string;
  readonly evaluationId: string;
  readonly directory: string;
}

/**
 * The complete answers that an experiment's results rest on: those of its own runs, and of the base model's and the
 * references' where other experiments measured them. `runId`: those of one run alone.
 */
export async function answerFolders(store: ExperimentStore, experiment: Experiment, runId?: string): Promise<AnswerFolder[]> {
  const own = experiment.runs.map(({ id }) => ({ experimentId: experiment.id, runId: id }));
  const elsewhere = [...(experiment.base ? [experiment.base] : []), ...(experiment.references ?? []).map(({ run }) => run)]
    .filter((run) => run.experimentId !== experiment.id);
  const pointers = runId === undefined ? [...elsewhere, ...own] : own.filter((run) => run.runId === runId);
  const asked = new Set([experiment.generalEvaluationId, ...experiment.datasets.map(({ evaluationId }) => evaluationId)]);
  const folders = await Promise.all(pointers.map((pointer) => foldersOf(store, pointer, (id) => pointer.experimentId === experiment.id || asked.has(id))));
  return folders.flat();
}

async function foldersOf(store: ExperimentStore, { experimentId, runId }: { experimentId: string; runId: string }, isAsked: (id: string) => boolean): Promise<AnswerFolder[]> {
  const spec = await readIfThere(store, experimentId, runId);
  const isComplete = spec?.kind === 'import' || (await store.readRunState(experimentId, runId))?.state === 'done';
  return !spec || !isComplete ? [] : spec.evaluations.filter(({ id }) => isAsked(id)).map(({ checkpoint, id }) => ({
    runId, evaluationId: id, directory: store.evaluationFolder(experimentId, runId, checkpoint, id),
  }));
}

async function readIfThere(store: ExperimentStore, experimentId: string, runId: string): Promise<RunSpec | null> {
  return store.readRun(experimentId, runId).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
}
