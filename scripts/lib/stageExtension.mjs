import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from '../../esbuild.mjs';
import { root } from './paths.mjs';
import { listFiles } from './syncFolder.mjs';
import { thirdPartyNotices } from './thirdPartyNotices.mjs';

/** The platforms that onnxruntime-node ships a CPU library for. */
export const targets = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];

const wholeFolders = ['media', 'schemas', 'examples'];
const singleFiles = ['.vscodeignore', 'package.nls.json', 'README.md', 'LICENSE', 'CHANGELOG.md'];

/** Fills `stage` with exactly what the packaged extension holds. */
export async function stageExtension(stage, { target, production }) {
  const metafiles = await build({ outFolder: join(stage, 'dist'), production });
  for (const folder of wholeFolders) {
    if (existsSync(join(root, folder))) await cp(join(root, folder), join(stage, folder), { recursive: true, filter: (path) => basename(path) !== '.plumbline' });
  }
  for (const file of singleFiles) {
    if (existsSync(join(root, file))) await cp(join(root, file), join(stage, file));
    else if (production) throw new Error(`The package needs ${file}.`);
  }
  await stageManifest(stage);
  await stageOnnxRuntime(join(stage, 'dist', 'node_modules'), target);
  await writeFile(join(stage, 'dist', 'THIRD-PARTY-NOTICES.txt'), await thirdPartyNotices(metafiles, ['onnxruntime-node', 'onnxruntime-common']));
}

async function stageManifest(stage) {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  // What the package needs of these lies in dist already; the scripts would only run the build again.
  for (const key of ['scripts', 'dependencies', 'devDependencies', 'private']) delete manifest[key];
  delete manifest.engines.node;
  await writeFile(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Node looks for onnxruntime-node beside dist/*.js; its install-time dependencies and the other platforms' libraries stay out. */
async function stageOnnxRuntime(modules, target) {
  const [platform, arch] = target.split('-');
  await copyFiles(join(root, 'node_modules', 'onnxruntime-node'), join(modules, 'onnxruntime-node'),
    // The macOS folder holds its library twice; the binding asks for the short name.
    (path) => path === 'package.json' || /^dist\/.*\.js$/.test(path)
      || (path.startsWith(`bin/napi-v6/${platform}/${arch}/`) && !/\.\d+\.\d+\.dylib$/.test(path)));
  await copyFiles(join(root, 'node_modules', 'onnxruntime-common'), join(modules, 'onnxruntime-common'),
    (path) => path === 'package.json' || /^dist\/cjs\/.*(\.js|package\.json)$/.test(path));
}

async function copyFiles(from, to, keep) {
  const files = await listFiles(from, keep);
  for (const path of files) {
    await mkdir(join(to, path, '..'), { recursive: true });
    await cp(join(from, path), join(to, path));
  }
  if (!files.some((path) => path.endsWith('.js'))) throw new Error(`${from} is not what it should be: run npm ci.`);
}
