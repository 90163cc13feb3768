import { dirname, join } from 'node:path';
import { DatasetError } from '../datasets/datasetError';
import type { JsonDocument } from '../datasets/jsonDocument';
import type { Problem } from '../datasets/problem';
import { shapeOfConfig, type ModelShape } from '../environment/modelShape';
import { resolvePath } from '../files/resolvePath';
import { isModelFolder } from './defenseParts';
import type { FileAccess } from './fileAccess';
import { missingModel } from './partChecks';

const UNKNOWN: ModelShape = { blocks: null, hiddenSize: null };

/** The shape of an experiment's model where it is a folder: what is known before anything is looked for or started. */
export async function checkModelFolder(document: JsonDocument, model: string, files: FileAccess): Promise<{ shape: ModelShape; problems: Problem[] }> {
  if (!isModelFolder(model)) {
    return { shape: UNKNOWN, problems: [] };
  }
  const config = join(resolvePath(dirname(document.file), model), 'config.json');
  if (!await files.isFile(config)) {
    return { shape: UNKNOWN, problems: [document.problemAt(['model'], missingModel(model))] };
  }
  return { shape: await readShape(config, files), problems: [] };
}

/** A config.json that cannot be read is left to the trainer, which knows every form of it. */
async function readShape(config: string, files: FileAccess): Promise<ModelShape> {
  try {
    return shapeOfConfig(JSON.parse(await files.readText(config)));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DatasetError) return UNKNOWN;
    throw error;
  }
}
