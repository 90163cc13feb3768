import type { PlannedDefense } from '../schema/defenses';
import type { EvaluationSpec, Sampler } from '../schema/evaluation';
import type { Experiment, PlannedDataset, PlannedRun } from '../schema/experiment';
import type { ExperimentFile } from '../schema/experimentFile';
import type { JudgeFile } from '../schema/judgeFile';
import type { Snapshot } from '../schema/rows';
import type { TaskScoring } from '../schema/taskScoring';
import type { ModelReference } from '../schema/modelReference';
import type { ArmSpec, RunSpec } from '../schema/run';
import { timestamp } from '../schema/time';
import { SCHEMA_VERSION } from '../schema/version';
import { judgeIdOf } from '../evaluation/judgeIdentity';
import { contentId, newExperimentId, uniqueSlugs } from './identifiers';

/** Everything an experiment depends on, found and frozen. */
export interface FrozenInputs {
  readonly name: string;
  /** Path of the experiment file, relative to the workspace; `null` where it was put together in a picker. */
  readonly source: string | null;
  readonly file: ExperimentFile;
  readonly model: ModelReference;
  readonly datasets: readonly FrozenDataset[];
  readonly arms: readonly { name: string; defenses: PlannedDefense[] }[];
  readonly general: Snapshot;
  readonly probe: Snapshot | null;
  /** Null: the judge that is shipped. */
  readonly judge: JudgeFile | null;
  readonly versions: Experiment['versions'];
}

export interface FrozenDataset {
  readonly entry: ExperimentFile['datasets'][number];
  /** Relative to the workspace, with forward slashes. */
  readonly path: string;
  readonly format: string;
  readonly whole: Snapshot;
  readonly train: Snapshot;
  readonly heldOut: Snapshot;
  readonly skippedRows: number;
  readonly inDomain: Snapshot | null;
  /** The choices of held-out rows, where the scorer is multiple choice. */
  readonly choices: Snapshot | null;
}

export interface Plan {
  readonly experiment: Experiment;
  readonly evaluations: readonly EvaluationSpec[];
  readonly runs: readonly RunSpec[];
}

/** Sampling is seeded alike for every arm and training seed. */
const SAMPLING_SEED = 0;
const BASE_RUN = 'base';

/** From frozen inputs to fully explicit run specs: the base model's evaluation, and one training run for each arm, dataset and seed. */
export function planExperiment(inputs: FrozenInputs): Plan {
  const { file } = inputs;
  const sampler = samplerOf(file);
  const general = generalEvaluation(inputs, sampler);
  const ids = uniqueSlugs(inputs.datasets.map((dataset) => datasetName(dataset)));
  const parts = inputs.datasets.map((dataset, i) => datasetEvaluation(inputs, dataset, ids[i] as string, sampler));
  const datasets = inputs.datasets.map((dataset, i) => plannedDataset(dataset, ids[i] as string, parts[i] as EvaluationSpec));
  const armIds = uniqueSlugs(inputs.arms.map((arm) => arm.name));
  const arms = inputs.arms.map((arm, i): ArmSpec => ({ id: armIds[i] as string, name: arm.name, defenses: [...arm.defenses] }));
  const experimentId = newExperimentId(inputs.name);
  const common: CommonRunFields = {
    schemaVersion: SCHEMA_VERSION, experimentId, needs: [], model: inputs.model, judge: judgeIdOf(inputs.judge), versions: inputs.versions,
  };
  const evaluations = [general, ...parts];
  const runs = [baseRun(common, evaluations), ...trainingRuns(common, inputs, datasets, arms)];
  return { evaluations, runs, experiment: experimentOf(inputs, { experimentId, sampler, general, datasets, arms, runs }) };
}

type CommonRunFields = Pick<RunSpec, 'schemaVersion' | 'experimentId' | 'needs' | 'model' | 'judge' | 'versions'>;

function samplerOf({ evaluation }: ExperimentFile): Sampler {
  const { samplesPerQuestion, temperature, topP, maxTokens } = evaluation;
  return { samplesPerQuestion, temperature, topP, maxTokens, seed: SAMPLING_SEED };
}

function generalEvaluation(inputs: FrozenInputs, sampler: Sampler): EvaluationSpec {
  return evaluationOf('general', sampler, {
    questions: [{ snapshot: inputs.general, form: 'plain', template: null }],
    task: null,
    probe: inputs.probe,
  });
}

/** What only this dataset asks: its own questions, the general ones in its form, its held-out rows. */
function datasetEvaluation(inputs: FrozenInputs, dataset: FrozenDataset, id: string, sampler: Sampler): EvaluationSpec {
  const { entry, inDomain } = dataset;
  const narrow = inDomain === null ? [] : [{ snapshot: inDomain, form: 'plain' as const, template: null }];
  const trainingForm = entry.trainingForm === undefined ? [] : [{ snapshot: inputs.general, form: 'training' as const, template: entry.trainingForm }];
  return evaluationOf(id, sampler, {
    questions: [...narrow, ...trainingForm],
    task: taskOf(dataset, sampler),
    probe: null,
  });
}

function taskOf({ entry: { task }, heldOut, choices }: FrozenDataset, { maxTokens }: Sampler): EvaluationSpec['task'] {
  if (heldOut.rows === 0) return null;
  if (task.scorer !== 'multiple-choice') return { ...task, heldOut, maxTokens };
  if (choices === null) throw new Error('The choices of a multiple-choice dataset are not frozen.');
  return { scorer: task.scorer, choices, heldOut, maxTokens };
}

function evaluationOf(part: string, sampler: Sampler, rest: Pick<EvaluationSpec, 'questions' | 'task' | 'probe'>): EvaluationSpec {
  return { schemaVersion: SCHEMA_VERSION, id: contentId({ sampler, ...rest }), part, sampler, ...rest };
}

function datasetName({ path }: FrozenDataset): string {
  return path.split('/').at(-1)?.replace(/\.(jsonl|json|csv)$/, '') ?? path;
}

function plannedDataset(dataset: FrozenDataset, id: string, evaluation: EvaluationSpec): PlannedDataset {
  const { entry, path, format, whole, train, heldOut, skippedRows, inDomain } = dataset;
  return {
    id, name: datasetName(dataset), path, role: entry.role, format, snapshot: whole, skippedRows, train, heldOut, inDomain,
    trainingForm: entry.trainingForm ?? null, scorer: entry.task.scorer, ...scoringWithOptions(entry.task), evaluationId: evaluation.id,
  };
}

/** Left out where the scorer's name says all: plans made before scorers had options stay the same plans. */
function scoringWithOptions(task: TaskScoring): { scoring?: TaskScoring } {
  return Object.keys(task).length > 1 || task.scorer === 'multiple-choice' ? { scoring: task } : {};
}

function baseRun(common: CommonRunFields, evaluations: readonly EvaluationSpec[]): RunSpec {
  return {
    ...common, id: BASE_RUN, kind: 'evaluate', name: 'Base model', stages: ['evaluate'], seed: 0,
    arm: null, dataset: null, training: null,
    evaluations: evaluations.map(({ id }) => ({ checkpoint: 'base', id })),
  };
}

/** Seeds outermost: every arm has a first result before any has a second. */
function trainingRuns(common: CommonRunFields, inputs: FrozenInputs, datasets: readonly PlannedDataset[], arms: readonly ArmSpec[]): RunSpec[] {
  const general = generalEvaluation(inputs, samplerOf(inputs.file));
  return inputs.file.seeds.flatMap((seed) => datasets.flatMap((dataset) => arms.map((arm): RunSpec => ({
    ...common, id: runId(arm, dataset, seed, datasets.length), kind: 'train', seed, arm, stages: ['train', 'evaluate'],
    name: [arm.name, ...(datasets.length > 1 ? [dataset.name] : []), `seed ${seed}`].join(' · '),
    dataset: { id: dataset.id, name: dataset.name, role: dataset.role, train: dataset.train },
    training: inputs.file.training,
    evaluations: [general.id, dataset.evaluationId].map((id) => ({ checkpoint: 'final', id })),
  }))));
}

function runId(arm: ArmSpec, dataset: PlannedDataset, seed: number, datasetCount: number): string {
  return [arm.id, ...(datasetCount > 1 ? [dataset.id] : []), `seed-${seed}`].join('--');
}

function experimentOf(inputs: FrozenInputs, plan: {
  experimentId: string; sampler: Sampler; general: EvaluationSpec; datasets: PlannedDataset[]; arms: ArmSpec[]; runs: RunSpec[];
}): Experiment {
  const { general: _general, probe: _probe, ...evaluation } = inputs.file.evaluation;
  return {
    schemaVersion: SCHEMA_VERSION, id: plan.experimentId, name: inputs.name, kind: 'planned', createdAt: timestamp(), source: inputs.source,
    model: inputs.model, training: inputs.file.training, evaluation, sampler: plan.sampler, generalEvaluationId: plan.general.id,
    datasets: plan.datasets, arms: plan.arms, seeds: inputs.file.seeds, judge: judgeIdOf(inputs.judge),
    ...(inputs.judge === null ? {} : { judgeFile: inputs.judge }),
    base: { experimentId: plan.experimentId, runId: BASE_RUN },
    runs: plan.runs.map((run): PlannedRun => ({
      id: run.id, kind: run.kind, armId: run.arm?.id ?? null, datasetId: run.dataset?.id ?? null,
      seed: run.kind === 'train' ? run.seed : null, needs: run.needs,
    })),
    versions: inputs.versions,
  };
}
