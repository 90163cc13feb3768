import { z } from 'zod';
import { errorAt, type Problem } from '../datasets/problem';
import { findRowLines } from '../datasets/findRowLines';
import { trainerArguments, trainerEnvironment } from '../environment/trainerCommand';
import { runJsonLines } from '../files/runJsonLines';

const lengthLine = z.object({ id: z.string(), tokens: z.int(), responseTokens: z.int() });

/** Rows of a snapshot that need more tokens than the model or the recipe allows, as problems of the dataset's own lines. */
export async function findLongRows(options: {
  datasetFile: string;
  snapshotFile: string;
  modelPath: string;
  limit: number;
  turns: 'all' | 'last';
  python: string;
  trainerFolder: string;
  signal?: AbortSignal | undefined;
}): Promise<Problem[]> {
  const { datasetFile, snapshotFile, modelPath, limit, turns, python, trainerFolder, signal } = options;
  const long = new Map<string, number>();
  const args = trainerArguments('lengths', '--model-path', modelPath, '--snapshot', snapshotFile, '--turns', turns);
  await runJsonLines(python, args, { cwd: trainerFolder, env: trainerEnvironment(), signal }, (value) => {
    const row = lengthLine.safeParse(value);
    if (row.success && row.data.tokens > limit) long.set(row.data.id, row.data.tokens);
  });
  if (long.size === 0) return [];
  const lines = await findRowLines(datasetFile, new Set(long.keys()));
  return [...long].map(([id, tokens]) => errorAt(
    datasetFile, lines.get(id) ?? 1, 'row-too-long',
    `This row has ${tokens} tokens, and ${limit} fit. Shorten it, raise training.maxLength as far as the model's context goes, or leave such rows out.`,
  )).sort((a, b) => a.line - b.line);
}
