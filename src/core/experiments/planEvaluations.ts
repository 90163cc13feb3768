import type { EvaluationSpec, Sampler } from '../schema/evaluation';
import { DEFAULT_CHECKPOINTS, type ExperimentFile, type TrainingRecipe } from '../schema/experimentFile';
import type { RunSpec } from '../schema/run';
import { SCHEMA_VERSION } from '../schema/version';
import { contentId } from './identifiers';
import { checkpointNames, optimizerSteps } from './optimizerSteps';
import type { FrozenDataset, FrozenInputs } from './plan';

/** Sampling is seeded alike for every arm and training seed. */
const SAMPLING_SEED = 0;

export function samplerOf({ evaluation }: ExperimentFile): Sampler {
  const { samplesPerQuestion, temperature, topP, maxTokens } = evaluation;
  return { samplesPerQuestion, temperature, topP, maxTokens, seed: SAMPLING_SEED };
}

/** What is asked whatever the dataset: the plain general questions and the probe. */
export function generalEvaluation(inputs: FrozenInputs, sampler: Sampler): EvaluationSpec {
  return evaluationOf('general', sampler, {
    questions: [{ snapshot: inputs.general, form: 'plain', template: null }],
    task: null,
    probe: inputs.probe,
  });
}

/** What only this dataset asks: its own questions, the general ones in its form, its held-out rows. */
export function datasetEvaluation(inputs: FrozenInputs, dataset: FrozenDataset, id: string, sampler: Sampler): EvaluationSpec {
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

/** Every question of every evaluation at one checkpoint; mixtures of one dataset ask the same. */
export function evaluationsAt(checkpoint: string, evaluationIds: readonly string[]): RunSpec['evaluations'] {
  return [...new Set(evaluationIds)].map((id) => ({ checkpoint, id }));
}

/** What a training run is asked, and when: at its end, or at points along the way as well. */
export function trainingEvaluations(file: ExperimentFile, training: TrainingRecipe, rows: number, evaluationIds: readonly string[]): RunSpec['evaluations'] {
  const { at, checkpoints = DEFAULT_CHECKPOINTS } = file.evaluation;
  const points = at === 'end' ? ['final'] : checkpointNames(optimizerSteps(rows, training), checkpoints);
  return points.flatMap((checkpoint) => evaluationsAt(checkpoint, evaluationIds));
}
