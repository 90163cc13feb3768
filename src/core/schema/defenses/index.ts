import { z } from 'zod';
import { caft } from './caft';
import { constrainedSft } from './constrainedSft';
import type { DefenseDescription } from './defenseType';
import { inoculation } from './inoculation';
import { interleave } from './interleave';
import { interleavePlusPlus } from './interleavePlusPlus';
import { kl } from './kl';
import { ldifs } from './ldifs';
import { none } from './none';
import { oodKl } from './oodKl';
import { personaSteering } from './personaSteering';
import { safelora } from './safelora';
import { spectral } from './spectral';

export type { DefenseHook, ExtraRows, ParameterRole, StrengthPreset } from './defenseType';

/** Every defense type: the one registry behind the schemas, the pickers, the trainer's own list and docs/defenses.md. */
const REGISTERED = [
  none, kl, ldifs, safelora, interleave, interleavePlusPlus, personaSteering, inoculation, caft, oodKl, constrainedSft, spectral,
] as const satisfies readonly (DefenseDescription & { readonly parameters: z.ZodRawShape })[];

type Registered = (typeof REGISTERED)[number];
export type DefenseTypeName = Registered['type'];

/** The types by name. */
export const DEFENSE_TYPES = Object.fromEntries(REGISTERED.map((entry) => [entry.type, entry])) as { readonly [T in Registered as T['type']]: T };

export const defenseTypeNames = REGISTERED.map(({ type }) => type);

type Entry = Record<'resolved' | 'planned', z.ZodObject>;

/** One of the schemas of every type. */
function each<const T extends readonly Entry[], K extends keyof Entry>(entries: T, schema: K) {
  return entries.map((entry) => entry[schema]) as unknown as { -readonly [I in keyof T]: T[I][K] };
}

/** A defense with every parameter decided: an arm as the configuration makes it. */
export const resolvedDefense = z.discriminatedUnion('type', each(REGISTERED, 'resolved'));
export type ResolvedDefense = z.output<typeof resolvedDefense>;

/** A resolved defense with all that it needs found and frozen: what experiment.json and run.json hold. */
export const plannedDefense = z.discriminatedUnion('type', each(REGISTERED, 'planned'));
export type PlannedDefense = z.output<typeof plannedDefense>;

/** What is known of a type, without its exact parameters. */
export function describeDefense(type: DefenseTypeName): DefenseDescription & { readonly parameters: Readonly<Record<string, z.ZodType>> } {
  return DEFENSE_TYPES[type] as DefenseDescription & { readonly parameters: Readonly<Record<string, z.ZodType>> };
}

/** Whether a parameter is a list by itself, so that writing one does not make several arms. */
export function isListParameter(type: DefenseTypeName, parameter: string): boolean {
  return unwrapped(describeDefense(type).parameters[parameter]) instanceof z.ZodArray;
}

function unwrapped(schema: z.ZodType | undefined): z.ZodType | undefined {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? schema.unwrap() as z.ZodType : schema;
}

/** One value, or a list that makes one arm each; in a list, null leaves an optional parameter out. */
function oneOrMany(schema: z.ZodType, isOptional: boolean): z.ZodType {
  return z.union([schema, z.array(isOptional ? schema.nullable() : schema).min(1)]);
}

/** Parameters as a person writes them: left out where that is allowed, or swept over a list. */
function sweepable(parameters: Readonly<Record<string, z.ZodType>>) {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, schema]) => {
      const inner = unwrapped(schema) as z.ZodType;
      const meta = { ...schema.meta(), ...(schema instanceof z.ZodDefault ? { default: schema.parse(undefined) } : {}) };
      const swept = oneOrMany(inner, schema instanceof z.ZodOptional).meta(meta);
      return [name, inner === schema ? swept : swept.optional()];
    }),
  );
}

function writtenType<N extends DefenseTypeName>(name: N) {
  const { title, summary, parameters } = describeDefense(name);
  return z
    .strictObject({
      type: z.literal(name).meta({ description: `${title}. ${summary}` }),
      ...sweepable(parameters),
    })
    .meta({ description: `${title}. ${summary}` });
}

type WrittenType = ReturnType<typeof writtenType>;

/** A defense as written in a configuration file. */
export const writtenDefense = z.discriminatedUnion('type', defenseTypeNames.map(writtenType) as [WrittenType, ...WrittenType[]]);
export type WrittenDefense = { type: DefenseTypeName } & Record<string, unknown>;

/** `*.defense.json`: a named defense stack. */
export const defenseFile = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().min(1).meta({ description: 'How the arm is called in tables and plots.' }),
  defenses: z.array(writtenDefense).min(1).meta({ description: 'The stack: all of these act together.' }),
});
export type DefenseFile = { name: string; defenses: WrittenDefense[] };
