import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { validateFile } from '../../core/configuration/validateFile';
import type { Problem } from '../../core/datasets/problem';
import { snapshotDataset } from '../../core/datasets/snapshotDataset';
import { snapshotPath } from '../../core/datasets/snapshot';
import { findModel } from '../../core/environment/model';
import { findLongRows } from '../../core/experiments/longRows';
import type { CliContext } from '../context';
import { note, print, printJson, problemText } from '../output';

export interface ValidateOptions {
  readonly model?: string;
  readonly maxLength?: string;
  readonly python?: string;
  readonly offline?: boolean;
}

/** Names every problem of the files by line. Fails exactly where there is an error. */
export async function validate(context: CliContext, files: readonly string[], options: ValidateOptions): Promise<void> {
  for (const file of files) {
    const { kind, problems, suppressed, errors } = await validateFile(file);
    const long = options.model === undefined || kind !== 'dataset' ? [] : await longRows(context, file, options.model, options);
    const all = [...problems, ...long].map((problem) => asTyped(problem, file));
    for (const problem of all) {
      if (context.json) printJson(problem);
      else print(problemText(problem));
    }
    if (suppressed.count > 0) note(`${file}: and ${suppressed.count} more problems of the same kinds.`);
    if (!context.json && all.length === 0) print(`${file}: no problems`);
    if (errors + long.length > 0) process.exitCode = 1;
  }
}

/** Names the file as the person did; other files, which an experiment refers to, keep their full path. */
function asTyped(problem: Problem, file: string): Problem {
  return problem.file === resolve(file) ? { ...problem, file } : problem;
}

/** Rows that the model's context cannot hold. Bad rows were named before; here they are passed over. */
async function longRows(context: CliContext, file: string, model: string, options: ValidateOptions): Promise<Problem[]> {
  const python = await context.requirePython(options.python);
  const trainerFolder = join(context.distFolder, 'trainer');
  const found = await findModel({
    name: model, python: python.path, trainerFolder, cacheFolder: (await context.machine()).storage.modelsFolder,
    offline: options.offline ?? false, onProgress: (message) => note(message),
  });
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-'));
  try {
    const { whole } = await snapshotDataset({ path: file, snapshotsDir: folder, skipBadRows: true, heldOut: 0, seed: 0 });
    const limit = Math.min(Number(options.maxLength ?? Infinity), found.contextLength ?? Infinity);
    return await findLongRows({
      datasetFile: file, snapshotFile: snapshotPath(folder, whole.sha256), modelPath: found.path, limit, turns: 'all', python: python.path, trainerFolder,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
