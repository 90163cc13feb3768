import { DEFENSE_TYPES, defenseTypeNames, describeDefense, type DefenseTypeName, type StrengthPreset } from '../../core/schema/defenses';
import { DEFAULT_MODEL, type Role } from '../../core/schema/experimentFile';

export type DefenseChoice =
  | { readonly kind: 'type'; readonly type: DefenseTypeName }
  | { readonly kind: 'file'; readonly path: string };

export interface Recipe {
  readonly epochs: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly seeds: readonly number[];
  readonly samplesPerQuestion: number;
  readonly temperature: number;
  readonly topP: number;
  readonly maxTokens: number;
}

/** All that a person decides before a fine-tuning starts. Paths are absolute. */
export interface FineTuneChoices {
  readonly datasets: readonly string[];
  readonly role: Role;
  readonly defenses: readonly DefenseChoice[];
  /** Values of each chosen type's strength; several make one arm each. */
  readonly strengths: Partial<Record<DefenseTypeName, readonly number[]>>;
  readonly pool: string | null;
  readonly model: string;
  readonly general: string | null;
  readonly inDomain: string | null;
  readonly probe: string | null;
  readonly recipe: Recipe;
}

const FIELD_RECIPE: Recipe = {
  epochs: 1, learningRate: 1e-4, batchSize: 4, seeds: [0], samplesPerQuestion: 1, temperature: 1, topP: 1, maxTokens: 256,
};

/** The 135M model barely moves at the field's learning rate, and only rambles at temperature 1. */
const SMALL_MODEL_RECIPE: Recipe = { ...FIELD_RECIPE, learningRate: 1e-3, temperature: 0.7, topP: 0.9, maxTokens: 64 };

export function recipeFor(model: string): Recipe {
  return model === DEFAULT_MODEL ? SMALL_MODEL_RECIPE : FIELD_RECIPE;
}

/** A type's strength: the parameter that says how strong it is, with values worth trying. */
export interface Strength {
  readonly parameter: string;
  readonly presets: readonly StrengthPreset[];
}

export const STRENGTHS: Partial<Record<DefenseTypeName, Strength>> = Object.fromEntries(defenseTypeNames.flatMap((type) => {
  const { strength, presets } = describeDefense(type);
  return strength === null || presets === undefined ? [] : [[type, { parameter: strength, presets }]];
}));

/** Chosen types that have a strength, in the order of the registry. */
export function typesWithStrength(defenses: readonly DefenseChoice[]): DefenseTypeName[] {
  return chosenTypes(defenses).filter((type) => STRENGTHS[type] !== undefined);
}

export function needsPool(defenses: readonly DefenseChoice[]): boolean {
  return chosenTypes(defenses).some((type) => describeDefense(type).parameters['pool']?.safeParse(undefined).success === false);
}

export function chosenTypes(defenses: readonly DefenseChoice[]): DefenseTypeName[] {
  return defenses.flatMap((choice) => (choice.kind === 'type' ? [choice.type] : []));
}

/** Reads "0.1, 1, 5"; says what is wrong where a value is not allowed. */
export function parseStrengths(type: DefenseTypeName, text: string): { values: number[] } | { problem: string } {
  const strength = STRENGTHS[type];
  const schema = strength && (DEFENSE_TYPES[type].parameters as Record<string, { safeParse(value: unknown): { success: boolean; error?: { issues: { message: string }[] } } }>)[strength.parameter];
  const words = text.split(/[,;\s]+/).filter((word) => word !== '');
  if (words.length === 0 || schema === undefined) return { problem: 'Write a number, or several separated by commas.' };
  for (const word of words) {
    const result = schema.safeParse(Number(word));
    if (!result.success) return { problem: `${word}: ${result.error?.issues[0]?.message ?? 'not allowed here'}` };
  }
  return { values: [...new Set(words.map(Number))] };
}
