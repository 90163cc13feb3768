import { z } from 'zod';

/** A model as found on this machine. Its identity is the hash of its weights, never its name. */
export const modelReference = z.strictObject({
  name: z.string(),
  path: z.string().meta({ description: 'Folder with config.json, safetensors and tokenizer.' }),
  weightsHash: z.string(),
  source: z.string().meta({ description: 'Where it was found: folder, cache, hub or package.' }),
});
export type ModelReference = z.output<typeof modelReference>;
