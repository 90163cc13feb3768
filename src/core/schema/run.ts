import { z } from 'zod';
import { plannedDefense } from './defenses';
import { ROLES, trainingRecipe } from './experimentFile';
import { snapshot } from './rows';
import { SCHEMA_VERSION } from './version';

export const RUN_KINDS = ['train', 'evaluate', 'extract', 'score', 'import'] as const;
export type RunKind = (typeof RUN_KINDS)[number];

/** A model as found on this machine. Its identity is the hash of its weights, never its name. */
export const modelReference = z.strictObject({
  name: z.string(),
  path: z.string().meta({ description: 'Folder with config.json, safetensors and tokenizer.' }),
  weightsHash: z.string(),
  source: z.string().meta({ description: 'Where it was found: folder, cache, hub or package.' }),
});
export type ModelReference = z.output<typeof modelReference>;

export const armSpec = z.strictObject({
  id: z.string(),
  name: z.string(),
  defenses: z.array(plannedDefense),
});
export type ArmSpec = z.output<typeof armSpec>;

export const versions = z.strictObject({ plumbline: z.string(), node: z.string() });

/** run.json: the run spec. Written by the planner, once; nothing is left open for the trainer to decide. */
export const runSpec = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  id: z.string(),
  experimentId: z.string(),
  kind: z.enum(RUN_KINDS),
  name: z.string(),
  needs: z.array(z.string()),
  stages: z.array(z.enum(['train', 'evaluate'])),
  seed: z.int().min(0),
  model: modelReference,
  arm: armSpec.nullable(),
  dataset: z.strictObject({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    train: snapshot,
  }).nullable(),
  training: trainingRecipe.nullable(),
  evaluations: z.array(z.strictObject({
    checkpoint: z.string(),
    id: z.string(),
  })),
  judge: z.string(),
  versions,
});
export type RunSpec = z.output<typeof runSpec>;
