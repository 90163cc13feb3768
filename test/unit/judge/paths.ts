import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
export const judgeFolder = join(root, 'judge');
export const modelFolder = join(judgeFolder, 'model');
