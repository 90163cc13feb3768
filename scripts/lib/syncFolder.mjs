import { copyFile, mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';

/**
 * Makes `to` hold what `from` holds, of what `keep` accepts. Unchanged files are left alone: something may be reading them.
 *
 * @param {string} from
 * @param {string} to
 * @param {(path: string) => boolean} [keep] Asked with relative paths, with forward slashes.
 */
export async function syncFolder(from, to, keep = () => true) {
  const wanted = await listFiles(from, keep);
  const present = await listFiles(to).catch(() => []);
  for (const path of present) {
    if (!wanted.includes(path)) await rm(join(to, path), { force: true });
  }
  for (const path of wanted) {
    if (present.includes(path) && await sameContent(join(from, path), join(to, path))) continue;
    await mkdir(join(to, path, '..'), { recursive: true });
    await copyFile(join(from, path), join(to, path));
  }
}

async function sameContent(a, b) {
  const [left, right] = await Promise.all([readFile(a), readFile(b)]);
  return left.equals(right);
}

/**
 * Every file below `folder`, as sorted relative paths with forward slashes.
 *
 * @param {string} folder
 * @param {(path: string) => boolean} [keep]
 */
export async function listFiles(folder, keep = () => true) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1).split(sep).join('/'))
    .filter(keep)
    .sort();
}
