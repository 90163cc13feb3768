import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import type { UserStorage } from './userStorage';

/** What a runtime copies of the built product. */
const PARTS = ['runner.js', 'localJudgeWorker.js', 'judge', 'trainer'] as const;

/** Paths in a runtime: a versioned copy of runner, trainer and judge that outlives windows and updates of the extension. */
export class Runtime {
  constructor(readonly folder: string) {}

  get runnerScript(): string { return join(this.folder, 'runner.js'); }
  get trainerFolder(): string { return join(this.folder, 'trainer'); }
  get judgeFolder(): string { return join(this.folder, 'judge'); }
  get judgeWorker(): string { return join(this.folder, 'localJudgeWorker.js'); }
  get requirements(): string { return join(this.trainerFolder, 'requirements.lock'); }
}

/** The runtime of a built product (its `dist`), copied to user storage where that has not been done yet. */
export async function installRuntime(distFolder: string, storage: UserStorage): Promise<Runtime> {
  const folder = join(storage.runtimesFolder, await contentVersion(distFolder));
  if (existsSync(folder)) return new Runtime(folder);
  const temporary = `${folder}.${randomUUID()}.tmp`;
  await mkdir(temporary, { recursive: true });
  for (const part of PARTS) await cp(join(distFolder, part), join(temporary, part), { recursive: true });
  await copyOnnxRuntime(distFolder, join(temporary, 'node_modules'));
  await writeFile(join(temporary, 'package.json'), '{"private":true}\n');
  await rename(temporary, folder).catch(async (error: unknown) => {
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  });
  return new Runtime(folder);
}

/** Hash of everything that is copied: two builds with the same content share a runtime. */
async function contentVersion(distFolder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const part of PARTS) await hashTree(join(distFolder, part), part, hash);
  return hash.digest('hex').slice(0, 16);
}

async function hashTree(path: string, name: string, hash: ReturnType<typeof createHash>): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (entries === null) {
    hash.update(`${name}\n`).update(await readFile(path));
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    await hashTree(join(path, entry.name), `${name}/${entry.name}`, hash);
  }
}

/** Only this platform's binaries: the package holds all platforms' (288 MB). */
async function copyOnnxRuntime(distFolder: string, target: string): Promise<void> {
  const require = createRequire(join(distFolder, 'runner.js'));
  const runtime = dirname(require.resolve('onnxruntime-node/package.json'));
  const common = dirname(dirname(dirname(createRequire(join(runtime, 'package.json')).resolve('onnxruntime-common'))));
  const binaries = join('bin', 'napi-v6', process.platform, process.arch);
  for (const part of ['package.json', 'dist', binaries]) {
    await cp(join(runtime, part), join(target, 'onnxruntime-node', part), { recursive: true, dereference: true });
  }
  for (const part of ['package.json', 'dist']) {
    await cp(join(common, part), join(target, 'onnxruntime-common', part), { recursive: true, dereference: true });
  }
}
