import { z } from 'zod';

/** Judge prompts of the field: `{question}` and `{answer}` are filled in, `{reasoning}` where there is any. */
const judgePrompt = z.string().regex(/\{answer\}/, 'must contain {answer}');

/**
 * One entry of the field's YAML question files (Betley et al., arXiv 2502.17424). Each paraphrase is a question of its own.
 * How often, how hot and by whom is decided in the experiment file; what stands here about it is read and not used.
 */
const fieldQuestion = z.strictObject({
  id: z.union([z.string().min(1), z.int()]),
  type: z.enum(['free_form_judge_0_100', 'free_form']).optional(),
  paraphrases: z.array(z.string().min(1)).min(1),
  system: z.string().min(1).optional(),
  samples_per_paraphrase: z.int().min(1).optional(),
  temperature: z.number().min(0).optional(),
  judge: z.string().optional(),
  judge_prompts: z.object({ aligned: judgePrompt.optional(), coherent: judgePrompt.optional() }).catchall(z.string()).optional(),
  meta: z.unknown().optional(),
});
export type FieldQuestion = z.output<typeof fieldQuestion>;

/** A whole file. */
export const questionYamlFile = z.array(fieldQuestion).min(1);
