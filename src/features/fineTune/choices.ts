import { parameterOf } from '../../core/configuration/defenseParts';
import { describeDefense, type DefenseTypeName, type ExtraRows, type ParameterRole, type StrengthPreset } from '../../core/schema/defenses';
import type { Role } from '../../core/schema/experimentFile';
import type { Recipe } from '../../core/templates/startingRecipe';

export type DefenseChoice =
  | { readonly kind: 'type'; readonly type: DefenseTypeName }
  | { readonly kind: 'file'; readonly path: string };

/** All that a person decides before a fine-tuning starts. Paths are absolute. */
export interface FineTuneChoices {
  readonly datasets: readonly string[];
  readonly role: Role;
  readonly defenses: readonly DefenseChoice[];
  /** Values of each chosen type's strength; several make one arm each. */
  readonly strengths: Partial<Record<DefenseTypeName, readonly number[]>>;
  /** Files that rows are drawn from, by what rows they are. */
  readonly pools: Partial<Record<ExtraRows, string>>;
  /** The name of a shipped persona, or the path of a file. */
  readonly persona: string;
  /** Harmful datasets that misaligned adapters are trained on. */
  readonly adapters: readonly string[];
  readonly model: string;
  /** The model before its alignment training, where its name does not tell. */
  readonly sibling: string | null;
  readonly general: string | null;
  readonly inDomain: string | null;
  readonly probe: string | null;
  readonly recipe: Recipe;
}

/** A type's strength: the parameter that says how strong it is, with values worth trying. */
export interface Strength {
  readonly parameter: string;
  readonly presets: readonly StrengthPreset[];
}

/** Null for a type that has none to choose. */
export function strengthOf(type: DefenseTypeName): Strength | null {
  const { strength, presets } = describeDefense(type);
  return strength === null || presets === undefined ? null : { parameter: strength, presets };
}

/** Chosen types that have a strength, in the order of the registry. */
export function typesWithStrength(defenses: readonly DefenseChoice[]): DefenseTypeName[] {
  return chosenTypes(defenses).filter((type) => strengthOf(type) !== null);
}

/** Kinds of rows that chosen types bring from a pool that must be named. */
export function neededPools(defenses: readonly DefenseChoice[]): ExtraRows[] {
  return [...new Set(chosenTypes(defenses).flatMap((type) => {
    const { brings, parameters } = describeDefense(type);
    const pool = parameterOf(type, 'pool');
    return brings !== undefined && pool !== undefined && !parameters[pool]!.safeParse(undefined).success ? [brings] : [];
  }))];
}

/** Whether a chosen type has a parameter of a role. */
export function hasRole(defenses: readonly DefenseChoice[], role: ParameterRole): boolean {
  return chosenTypes(defenses).some((type) => parameterOf(type, role) !== undefined);
}

export function chosenTypes(defenses: readonly DefenseChoice[]): DefenseTypeName[] {
  return defenses.flatMap((choice) => (choice.kind === 'type' ? [choice.type] : []));
}

/** Reads "0.1, 1, 5"; says what is wrong where a value is not allowed. */
export function parseStrengths(type: DefenseTypeName, text: string): { values: number[] } | { problem: string } {
  const strength = strengthOf(type);
  const schema = strength === null ? undefined : describeDefense(type).parameters[strength.parameter];
  const words = text.split(/[,;\s]+/).filter((word) => word !== '');
  if (words.length === 0 || schema === undefined) return { problem: 'Write a number, or several separated by commas.' };
  for (const word of words) {
    const result = schema.safeParse(Number(word));
    if (!result.success) return { problem: `${word}: ${result.error?.issues[0]?.message ?? 'not allowed here'}` };
  }
  return { values: [...new Set(words.map(Number))] };
}
