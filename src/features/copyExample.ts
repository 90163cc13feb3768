import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Copies a file of Plumbline's own examples into a folder, never over one that is there already. Says where it lies. */
export async function copyExample(example: string, folder: string): Promise<string> {
  const target = join(folder, basename(example));
  if (!existsSync(target)) await copyFile(example, target);
  return target;
}
