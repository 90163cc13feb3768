import { relative, sep } from 'node:path';
import type { WrittenArm } from '../../core/schema/experimentFile';
import { needsPool, STRENGTHS, type FineTuneChoices } from './choices';

/** An experiment as it would stand in a file: paths relative to `baseFolder`. Parsing completes it. */
export function experimentOfChoices(choices: FineTuneChoices, baseFolder: string): Record<string, unknown> {
  const { recipe } = choices;
  const path = (file: string) => relativePath(baseFolder, file);
  return {
    datasets: choices.datasets.map((file) => ({
      path: path(file),
      ...(choices.role === 'own' ? {} : { role: choices.role }),
      ...(choices.inDomain === null ? {} : { inDomain: path(choices.inDomain) }),
    })),
    model: choices.model,
    training: { epochs: recipe.epochs, learningRate: recipe.learningRate, batchSize: recipe.batchSize },
    arms: ['none', ...choices.defenses.map((choice) => armOf(choices, choice, path))],
    seeds: recipe.seeds,
    evaluation: {
      general: choices.general === null ? '' : path(choices.general),
      ...(choices.probe === null ? {} : { probe: path(choices.probe) }),
      samplesPerQuestion: recipe.samplesPerQuestion,
      temperature: recipe.temperature,
      topP: recipe.topP,
      maxTokens: recipe.maxTokens,
    },
  };
}

function armOf(choices: FineTuneChoices, choice: FineTuneChoices['defenses'][number], path: (file: string) => string): WrittenArm {
  if (choice.kind === 'file') return path(choice.path);
  const strength = STRENGTHS[choice.type];
  const values = choices.strengths[choice.type] ?? [];
  return {
    type: choice.type,
    ...(strength === undefined || values.length === 0 ? {} : { [strength.parameter]: values.length === 1 ? values[0] : values }),
    ...(needsPool([choice]) && choices.pool !== null ? { pool: path(choices.pool) } : {}),
  };
}

/** Relative where the file lies below the folder or beside it, with forward slashes; a model folder or another disk stays absolute. */
function relativePath(folder: string, file: string): string {
  return relative(folder, file).split(sep).join('/');
}

/** Arms that the choices make, the undefended one included; a file counts once, though it may sweep. */
export function armCount(choices: FineTuneChoices): number {
  return choices.defenses.reduce((sum, choice) => sum + (choice.kind === 'type' ? Math.max(1, choices.strengths[choice.type]?.length ?? 1) : 1), 1);
}

/** Trainings plus the base model's evaluation. */
export function runCount(choices: FineTuneChoices): number {
  return armCount(choices) * choices.datasets.length * choices.recipe.seeds.length + 1;
}

/** Optimizer steps of one run, where a tenth of the rows is held out. */
export function estimatedSteps(rows: number, recipe: FineTuneChoices['recipe']): number {
  return Math.ceil(Math.ceil((rows * 0.9) / recipe.batchSize) * recipe.epochs);
}
