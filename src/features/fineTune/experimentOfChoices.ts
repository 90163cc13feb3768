import { relative, sep } from 'node:path';
import { isPath } from '../../core/configuration/defenseParts';
import { siblingName } from '../../core/environment/siblingName';
import { describeDefense, type DefenseTypeName, type ParameterRole } from '../../core/schema/defenses';
import type { WrittenArm } from '../../core/schema/experimentFile';
import { hasRole, neededPools, strengthOf, type FineTuneChoices } from './choices';

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
  const strength = strengthOf(choice.type);
  const values = choices.strengths[choice.type] ?? [];
  return {
    type: choice.type,
    ...(strength === null || values.length === 0 ? {} : { [strength.parameter]: values.length === 1 ? values[0] : values }),
    ...partsOfChoices(choices, choice.type, path),
  };
}

/** What a type's parameters name, by their roles; what is left out takes its default. */
function partsOfChoices(choices: FineTuneChoices, type: DefenseTypeName, path: (file: string) => string): Record<string, unknown> {
  const [rows] = neededPools([{ kind: 'type', type }]);
  const named: Partial<Record<ParameterRole, unknown>> = {
    ...(rows !== undefined && choices.pools[rows] !== undefined ? { pool: path(choices.pools[rows]) } : {}),
    ...(isPath({ role: 'persona', value: choices.persona }) ? { persona: path(choices.persona) } : {}),
    ...(choices.adapters.length > 0 ? { adapters: choices.adapters.map(path) } : {}),
    ...(choices.sibling !== null && siblingName(choices.model) === null ? { sibling: choices.sibling } : {}),
  };
  return Object.fromEntries(Object.entries(describeDefense(type).roles ?? {}).flatMap(([parameter, role]) => (named[role] === undefined ? [] : [[parameter, named[role]]])));
}

/** Relative where the file lies below the folder or beside it, with forward slashes; a model folder or another disk stays absolute. */
function relativePath(folder: string, file: string): string {
  return relative(folder, file).split(sep).join('/');
}

/** Arms that the choices make, the undefended one included; a file counts once, though it may sweep. */
export function armCount(choices: FineTuneChoices): number {
  return choices.defenses.reduce((sum, choice) => sum + (choice.kind === 'type' ? Math.max(1, choices.strengths[choice.type]?.length ?? 1) : 1), 1);
}

/** Trainings, the base model's evaluation, and what defenses need made beforehand. */
export function runCount(choices: FineTuneChoices): number {
  const { defenses, adapters, datasets, recipe } = choices;
  const steps = (hasRole(defenses, 'persona') ? 1 : 0) + (hasRole(defenses, 'adapters') ? adapters.length + 1 : 0);
  return armCount(choices) * datasets.length * recipe.seeds.length + 1 + steps;
}

/** Optimizer steps of one run, where a tenth of the rows is held out. */
export function estimatedSteps(rows: number, recipe: FineTuneChoices['recipe']): number {
  return Math.ceil(Math.ceil((rows * 0.9) / recipe.batchSize) * recipe.epochs);
}
