import { cp, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { root } from './paths.mjs';

/** A throw-away copy of a folder of the project (or anywhere): tests write into it as a person would. */
export async function copyWorkspace(source = 'examples') {
  const from = resolve(root, source);
  const parent = await realpath(await mkdtemp(join(tmpdir(), 'plumbline-ws-')));
  const folder = join(parent, basename(from));
  await cp(from, folder, { recursive: true, filter: (path) => basename(path) !== '.plumbline' });
  return { folder, remove: () => rm(parent, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }) };
}
