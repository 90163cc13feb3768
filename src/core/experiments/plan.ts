import { shareText } from '../configuration/armNames';
import { partsOf, REFERENCE_ROLES } from '../configuration/defenseParts';
import type { ResolvedDefense } from '../schema/defenses';
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
import { newExperimentId, uniqueSlugs } from './identifiers';
import { datasetEvaluation, generalEvaluation, samplerOf } from './planEvaluations';
import { BASE_RUN, evaluationRun, needsFirst, referenceRun, trainingRunId, trainingRuns, UNDEFENDED_STACK, type CommonRunFields, type PlannedWork } from './planRuns';
import { StepPlanner } from './planSteps';

/** Everything an experiment depends on, found and frozen. */
export interface FrozenInputs {
  readonly name: string;
  /** Path of the experiment file, relative to the workspace; `null` where it was put together in a picker. */
  readonly source: string | null;
  readonly file: ExperimentFile;
  readonly model: ModelReference;
  readonly datasets: readonly FrozenDataset[];
  readonly arms: readonly FrozenArm[];
  /** Personas, and datasets of misaligned adapters, by what defenses call them. */
  readonly personas?: ReadonlyMap<string, FrozenPersona>;
  readonly adapters?: ReadonlyMap<string, FrozenAdapter>;
  readonly then?: FrozenAfterwards | undefined;
  readonly general: Snapshot;
  readonly probe: Snapshot | null;
  /** Null: the judge that is shipped. */
  readonly judge: JudgeFile | null;
  readonly versions: Experiment['versions'];
}

export interface FrozenDataset {
  /** With one share where it is mixed. */
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
  readonly mix?: NonNullable<PlannedDataset['mix']>;
}

/** A defense with its pools frozen and its models found; the runs that make its vector or scores are yet to be planned. */
export type FrozenDefense = ResolvedDefense & { readonly [planned: string]: unknown };

export interface FrozenArm {
  readonly name: string;
  readonly defenses: readonly FrozenDefense[];
}

/** One line of the snapshot for each question under each pair of prompts. */
export interface FrozenPersona {
  readonly name: string;
  readonly persona: Snapshot;
  readonly samplesPerPrompt: number;
  readonly maxTokens: number;
}

export interface FrozenAdapter {
  readonly name: string;
  readonly train: Snapshot;
}

/** The second fine-tuning. The path is relative to the workspace. */
export interface FrozenAfterwards {
  readonly path: string;
  readonly name: string;
  readonly epochs: number;
  readonly train: Snapshot;
}

export interface Plan {
  readonly experiment: Experiment;
  readonly evaluations: readonly EvaluationSpec[];
  readonly runs: readonly RunSpec[];
}

/**
 * From frozen inputs to fully explicit run specs: the base model's and the references' evaluations, the steps that defenses
 * need, one training run for each arm, dataset and seed, and the second fine-tuning of each.
 */
export function planExperiment(inputs: FrozenInputs): Plan {
  const { file } = inputs;
  const sampler = samplerOf(file);
  const general = generalEvaluation(inputs, sampler);
  const ids = uniqueSlugs(inputs.datasets.map(frozenName));
  const parts = inputs.datasets.map((dataset, i) => datasetEvaluation(inputs, dataset, ids[i] as string, sampler));
  const datasets = inputs.datasets.map((dataset, i) => plannedDataset(dataset, ids[i] as string, parts[i] as EvaluationSpec));
  const experimentId = newExperimentId(inputs.name);
  const common: CommonRunFields = {
    schemaVersion: SCHEMA_VERSION, experimentId, needs: [], model: inputs.model, judge: judgeIdOf(inputs.judge), versions: inputs.versions,
  };
  const evaluations = [general, ...parts];
  const { arms, steps } = planArms(common, inputs, datasets);
  const asked = evaluations.map(({ id }) => id);
  const references = referencesOf(inputs.arms).map((model) => referenceRun(common, model, asked));
  const first = [evaluationRun(common, BASE_RUN, 'Base model', asked), ...references, ...steps];
  const work = needsFirst([...first.map(ofNoArm), ...trainingRuns({ common, inputs, datasets, generalEvaluationId: general.id }, arms)]);
  return { evaluations, runs: work.map(({ spec }) => spec), experiment: experimentOf(inputs, { experimentId, sampler, general, datasets, arms, references, work }) };
}

/** The arms with all that planning adds to their defenses, and the runs that these need. */
function planArms(common: CommonRunFields, inputs: FrozenInputs, datasets: readonly PlannedDataset[]): { arms: ArmSpec[]; steps: RunSpec[] } {
  const ids = uniqueSlugs(inputs.arms.map((arm) => arm.name));
  const undefended = ids[inputs.arms.findIndex(({ defenses }) => defenses.every(({ type }) => type === 'none'))];
  const planner = new StepPlanner({
    common, inputs, datasets,
    undefendedRun: (dataset) => trainingRunId({ id: undefended ?? UNDEFENDED_STACK.id }, dataset, inputs.file.seeds[0]!, datasets.length),
  });
  const arms = inputs.arms.map((arm, i): ArmSpec => ({ id: ids[i] as string, name: arm.name, defenses: arm.defenses.map((defense) => planner.complete(defense)) }));
  return { arms, steps: planner.runs };
}

/** The models that arms are held to, other than the base, each once. */
function referencesOf(arms: readonly FrozenArm[]): ModelReference[] {
  const models = arms.flatMap(({ defenses }) => defenses.flatMap((defense) =>
    partsOf(defense, ...REFERENCE_ROLES).map(({ parameter }) => defense[`${parameter}Model`] as ModelReference | undefined)));
  return [...new Map(models.flatMap((model) => (model === undefined ? [] : [[model.weightsHash, model]]))).values()];
}

function ofNoArm(spec: RunSpec): PlannedWork {
  return { spec, armId: null, datasetId: null };
}

/** A dataset's file without folder and ending. */
export function datasetName(path: string): string {
  return path.split('/').at(-1)?.replace(/\.(jsonl|json|csv)$/, '') ?? path;
}

function frozenName({ path, mix }: FrozenDataset): string {
  return mix === undefined ? datasetName(path) : `${datasetName(path)} with ${shareText(mix.share)} ${datasetName(mix.path)}`;
}

function plannedDataset(dataset: FrozenDataset, id: string, evaluation: EvaluationSpec): PlannedDataset {
  const { entry, path, format, whole, train, heldOut, skippedRows, inDomain, mix } = dataset;
  return {
    id, name: frozenName(dataset), path, role: entry.role, format, snapshot: whole, skippedRows, train, heldOut, inDomain,
    trainingForm: entry.trainingForm ?? null, ...(mix === undefined ? {} : { mix }), scorer: entry.task.scorer, ...scoringWithOptions(entry.task), evaluationId: evaluation.id,
  };
}

/** Left out where the scorer's name says all: plans made before scorers had options stay the same plans. */
function scoringWithOptions(task: TaskScoring): { scoring?: TaskScoring } {
  return Object.keys(task).length > 1 || task.scorer === 'multiple-choice' ? { scoring: task } : {};
}

function experimentOf(inputs: FrozenInputs, plan: {
  experimentId: string; sampler: Sampler; general: EvaluationSpec; datasets: PlannedDataset[]; arms: ArmSpec[]; references: RunSpec[]; work: PlannedWork[];
}): Experiment {
  const { general: _general, probe: _probe, ...evaluation } = inputs.file.evaluation;
  const pointer = (runId: string) => ({ experimentId: plan.experimentId, runId });
  return {
    schemaVersion: SCHEMA_VERSION, id: plan.experimentId, name: inputs.name, kind: 'planned', createdAt: timestamp(), source: inputs.source,
    model: inputs.model, training: inputs.file.training, evaluation, sampler: plan.sampler, generalEvaluationId: plan.general.id,
    datasets: plan.datasets, arms: plan.arms, seeds: inputs.file.seeds, judge: judgeIdOf(inputs.judge),
    ...(inputs.judge === null ? {} : { judgeFile: inputs.judge }),
    base: pointer(BASE_RUN),
    ...(plan.references.length === 0 ? {} : { references: plan.references.map(({ model, id }) => ({ model, run: pointer(id) })) }),
    ...(inputs.then === undefined ? {} : { then: { path: inputs.then.path, epochs: inputs.then.epochs, train: inputs.then.train } }),
    runs: plan.work.map(({ spec, armId, datasetId }): PlannedRun => ({
      id: spec.id, kind: spec.kind, armId, datasetId,
      seed: spec.kind === 'train' ? spec.seed : null, needs: spec.needs,
      ...(spec.continues === undefined ? {} : { continues: spec.continues.runId }),
    })),
    versions: inputs.versions,
  };
}
