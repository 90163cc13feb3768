import { z } from 'zod';
import { snapshot } from './rows';

/** Where a defense acts in the training step (trainer: `plumbline_trainer/defenses/`). */
export type DefenseHook = 'select_rows' | 'around_forward' | 'token_loss' | 'extra_loss' | 'after_training';

interface DefenseType {
  readonly title: string;
  readonly summary: string;
  readonly hooks: readonly DefenseHook[];
  readonly parameters: Readonly<Record<string, z.ZodType>>;
}

function explained<T extends z.ZodType>(schema: T, markdown: string): T {
  return schema.meta({ description: markdown.replace(/[*`$]/g, ''), markdownDescription: markdown }) as T;
}

/**
 * Every defense type: the one registry behind the schemas, the pickers, the trainer's own list and docs/defenses.md.
 * Formulas and coefficients: arXiv 2508.06249 (Kaczer et al.).
 */
export const DEFENSE_TYPES = {
  none: {
    title: 'No defense',
    summary: 'Plain fine-tuning. Always there to compare with.',
    hooks: [],
    parameters: {},
  },
  kl: {
    title: 'KL to the reference',
    summary: 'Keeps the next-token distribution near the model before training.',
    hooks: ['extra_loss'],
    parameters: {
      weight: explained(
        z.number().positive().max(1000).default(0.1),
        '**λ_KL**, weight of the KL term: `loss = cross-entropy + λ_KL · KL`. Unit: nats of loss per nat of divergence a token. ' +
          'Range: above 0, up to 1000. Paper: **0.1** (Qwen2.5-7B, learning rate 1e-4). ' +
          'Too little: misalignment as in the undefended arm. Too much: the task is not learned. Small models at high learning rates need 1 to 5: sweep it.',
      ),
      direction: explained(
        z.enum(['trained||reference', 'reference||trained']).default('trained||reference'),
        'Direction of the divergence. `trained||reference` is KL(π_θ ‖ π_0), the one of the paper\'s code: it punishes answers that the reference would not give. ' +
          '`reference||trained` punishes forgetting answers that the reference would give.',
      ),
      tokens: explained(
        z.enum(['all', 'response']).default('all'),
        'Which tokens the mean runs over. `all`: every token that is not padding, prompt and template included (the paper\'s code). `response`: only tokens that the cross-entropy trains.',
      ),
    },
  },
  interleave: {
    title: 'Interleave safe rows',
    summary: 'Mixes safe, helpful rows into every stretch of training.',
    hooks: ['select_rows'],
    parameters: {
      share: explained(
        z.number().positive().max(0.9).default(0.05),
        '**Share of safe rows** in the mixed set, safe / (safe + own). No unit. Range: above 0, up to 0.9. Paper: **0.05** (levels of 1 to 50 % examined). ' +
          'Too little: misalignment as in the undefended arm. Too much: the answers take the pool\'s style, refusals included, and coherence falls. ' +
          'Planned batches grow; no step is added.',
      ),
      pool: explained(
        z.string().min(1),
        'Path of the **pool of safe rows** (a dataset file), relative to this file. Paper: unharmful rows of WildGuardMix. The realized share, and the share of refusals in it, are recorded with the run.',
      ),
    },
  },
} as const satisfies Record<string, DefenseType>;

export type DefenseTypeName = keyof typeof DEFENSE_TYPES;

export const defenseTypeNames = Object.keys(DEFENSE_TYPES) as DefenseTypeName[];

/** A defense with every parameter decided: what a run spec holds. */
export const resolvedDefense = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none'), ...DEFENSE_TYPES.none.parameters }),
  z.strictObject({ type: z.literal('kl'), ...DEFENSE_TYPES.kl.parameters }),
  z.strictObject({ type: z.literal('interleave'), ...DEFENSE_TYPES.interleave.parameters }),
]);
export type ResolvedDefense = z.output<typeof resolvedDefense>;

/** A resolved defense whose pool is frozen: what experiment.json and run.json hold. */
export const plannedDefense = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none'), ...DEFENSE_TYPES.none.parameters }),
  z.strictObject({ type: z.literal('kl'), ...DEFENSE_TYPES.kl.parameters }),
  z.strictObject({ type: z.literal('interleave'), ...DEFENSE_TYPES.interleave.parameters, poolSnapshot: snapshot }),
]);
export type PlannedDefense = z.output<typeof plannedDefense>;

function oneOrMany<T extends z.ZodType>(schema: T) {
  return z.union([schema, z.array(schema).min(1)]);
}

/** Parameters as a person writes them: left out where there is a default, or a list that makes one arm each. */
function sweepable<P extends Record<string, z.ZodType>>(parameters: P) {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, schema]) => {
      const hasDefault = schema instanceof z.ZodDefault;
      const inner = hasDefault ? (schema.unwrap() as z.ZodType) : schema;
      const meta = { ...schema.meta(), ...(hasDefault ? { default: schema.parse(undefined) } : {}) };
      const swept = oneOrMany(inner).meta(meta);
      return [name, hasDefault ? swept.optional() : swept];
    }),
  );
}

function writtenType<N extends DefenseTypeName>(name: N) {
  const { title, summary, parameters } = DEFENSE_TYPES[name];
  return z
    .strictObject({
      type: z.literal(name).meta({ description: `${title}. ${summary}` }),
      ...sweepable(parameters as Record<string, z.ZodType>),
    })
    .meta({ description: `${title}. ${summary}` });
}

/** A defense as written in a configuration file. */
export const writtenDefense = z.discriminatedUnion('type', [
  writtenType('none'),
  writtenType('kl'),
  writtenType('interleave'),
]);
export type WrittenDefense = { type: DefenseTypeName } & Record<string, unknown>;

/** `*.defense.json`: a named defense stack. */
export const defenseFile = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().min(1).meta({ description: 'How the arm is called in tables and plots.' }),
  defenses: z.array(writtenDefense).min(1).meta({ description: 'The stack: all of these act together.' }),
});
export type DefenseFile = { name: string; defenses: WrittenDefense[] };
