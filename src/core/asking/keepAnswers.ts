import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { appendJsonLines } from '../evaluation/jsonLines';
import { generationsPath, judgmentsPath } from '../evaluation/answerFiles';
import { writeMetrics } from '../evaluation/judgeEvaluation';
import { contentId, newExperimentId, uniqueSlugs } from '../experiments/identifiers';
import type { ExperimentStore } from '../experiments/store';
import { writeJsonAtomic } from '../files/atomicWrite';
import { IMPORT_CHECKPOINT } from '../importing/importedExperiment';
import type { Generation, Judgment, Sampler } from '../schema/evaluation';
import type { Experiment } from '../schema/experiment';
import type { ModelReference } from '../schema/modelReference';
import type { ArmSpec, RunSpec } from '../schema/run';
import { timestamp } from '../schema/time';
import { SCHEMA_VERSION } from '../schema/version';
import { PLUMBLINE_VERSION } from '../version';
import type { Verdict } from '../evaluation/judge';

/** What was asked once, with everybody's answers and what the judge said of them. */
export interface AskedAnswers {
  readonly question: string;
  readonly model: ModelReference;
  readonly sampler: Sampler;
  readonly judge: { readonly id: string; readonly version: string };
  readonly models: readonly { readonly name: string; readonly answers: readonly AskedAnswer[] }[];
}

export interface AskedAnswer {
  readonly sample: number;
  readonly seed: number;
  readonly answer: string;
  readonly finish: 'stop' | 'length';
  readonly tokens: number;
  readonly verdict: Verdict | null;
}

/** Keeps asked answers as an experiment of their own: one arm for each model that answered, runs of kind `import`. */
export async function keepAnswers(store: ExperimentStore, asked: AskedAnswers): Promise<Experiment> {
  const { question, sampler, judge, model, models } = asked;
  const name = `Asked: ${question.length > 60 ? `${question.slice(0, 59)}…` : question}`;
  const experimentId = newExperimentId('asked');
  const evaluationId = contentId(['asked', question, sampler]);
  const ids = uniqueSlugs(models.map((one) => one.name));
  const arms = models.map((one, i): ArmSpec => ({ id: ids[i]!, name: one.name, defenses: [] }));
  const versions = { plumbline: PLUMBLINE_VERSION, node: process.version };
  const experiment: Experiment = {
    schemaVersion: SCHEMA_VERSION, id: experimentId, name, kind: 'imported', createdAt: timestamp(), source: null,
    model, training: null, evaluation: null, sampler, generalEvaluationId: evaluationId,
    datasets: [], arms, seeds: [], judge: judge.id, base: null,
    runs: arms.map((arm) => ({ id: arm.id, kind: 'import', armId: arm.id, datasetId: null, seed: null, needs: [] })),
    versions,
  };
  for (const [i, { answers }] of models.entries()) {
    const arm = arms[i]!;
    const run: RunSpec = {
      schemaVersion: SCHEMA_VERSION, id: arm.id, experimentId, kind: 'import', name: arm.name, needs: [], stages: [], seed: 0,
      model, arm, dataset: null, training: null, evaluations: [{ checkpoint: IMPORT_CHECKPOINT, id: evaluationId }], judge: judge.id, versions,
    };
    const folder = store.evaluationFolder(experimentId, arm.id, IMPORT_CHECKPOINT, evaluationId);
    await mkdir(folder, { recursive: true });
    await appendJsonLines(generationsPath(folder), answers.map((answer) => generationOf(question, answer)));
    await appendJsonLines(judgmentsPath(folder, judge.id), answers.flatMap((answer) => judgmentOf(answer)));
    await writeMetrics(folder, judge);
    await writeJsonAtomic(join(store.runFolder(experimentId, arm.id), 'run.json'), run);
  }
  await writeJsonAtomic(join(store.experimentFolder(experimentId), 'experiment.json'), experiment);
  return experiment;
}

const QUESTION_ID = 'asked';

function keyOf({ sample }: AskedAnswer): string {
  return `${QUESTION_ID}/plain/${sample}`;
}

function generationOf(question: string, answer: AskedAnswer): Generation {
  const { sample, seed, finish, tokens } = answer;
  return { key: keyOf(answer), questionId: QUESTION_ID, group: 'open', form: 'plain', sample, seed, question, answer: answer.answer, finish, tokens };
}

function judgmentOf(answer: AskedAnswer): Judgment[] {
  return answer.verdict === null ? [] : [{ key: keyOf(answer), ...answer.verdict }];
}
