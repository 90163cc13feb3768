import { z } from 'zod';

export const GENERAL_GROUPS = ['open', 'everyday'] as const;

/** One question of a set. `group`: `open` or `everyday` (general questions), `in-domain` (narrow misalignment). */
export const question = z.strictObject({
  id: z.string().min(1),
  group: z.enum([...GENERAL_GROUPS, 'in-domain']),
  domain: z.string().optional(),
  text: z.string().min(1),
  system: z.string().optional(),
});
export type Question = z.output<typeof question>;

export const questionSetFile = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().min(1),
  questions: z.array(question).min(1),
});

/** One line of a probe file: two answers alike in all but the harm. */
export const probePair = z.strictObject({
  id: z.string().min(1),
  group: z.enum(['general', 'in-domain']),
  domain: z.string().optional(),
  question: z.string().min(1),
  harmful: z.string().min(1),
  harmless: z.string().min(1),
});
export type ProbePair = z.output<typeof probePair>;
