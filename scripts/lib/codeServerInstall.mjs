import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { runNpm } from './npm.mjs';
import { cacheFolder } from './paths.mjs';

const CODE_SERVER = '4.139.1';
// This code-server needs Node 24; the project itself only 20. The npm package is the Node binary with its headers.
const NODE = '24.21.0';
const READY = 'ready.json';

/** Where things lie in an installed code-server. */
function describe(folder) {
  const windows = process.platform === 'win32';
  const nodeFolder = join(folder, 'node_modules', nodePackage());
  return {
    version: CODE_SERVER,
    node: windows ? join(nodeFolder, 'bin', 'node.exe') : join(nodeFolder, 'bin', 'node'),
    entry: join(folder, 'node_modules', 'code-server', 'out', 'node', 'entry.js'),
  };
}

function nodePackage() {
  return `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
}

export function codeServerIsInstalled() {
  return existsSync(join(cacheFolder(`code-server-${CODE_SERVER}`), READY));
}

/** Installs code-server once per machine, from npm alone and without a compiler: none of the modules that need one is used here. */
export async function ensureCodeServer({ log, say = console.log } = {}) {
  const target = cacheFolder(`code-server-${CODE_SERVER}`);
  if (codeServerIsInstalled()) return describe(target);
  if (process.platform === 'win32') {
    throw new Error('code-server does not run on Windows: install VS Code and put `code` on the PATH.');
  }

  say(`code-server ${CODE_SERVER} (VS Code for the browser): downloading about 255 MB, 805 MB installed, into ${target} ...`);
  const started = Date.now();
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(cacheFolder('code-server-installing-'));
  try {
    await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
    await runNpm(['install', '--ignore-scripts', '--no-save', '--no-audit', '--no-fund',
      `${nodePackage()}@${NODE}`, `code-server@${CODE_SERVER}`], { cwd: folder, log });

    const nodeFolder = join(folder, 'node_modules', nodePackage());
    const env = { PATH: join(nodeFolder, 'bin') + delimiter + process.env.PATH, npm_config_nodedir: nodeFolder };
    const vscode = join(folder, 'node_modules', 'code-server', 'lib', 'vscode');
    const inner = ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
    await runNpm(inner, { cwd: vscode, env, log });
    await runNpm(inner, { cwd: join(vscode, 'extensions'), env, log });
    // code-server's own install script makes these two links.
    const system = process.platform === 'darwin' ? 'darwin' : 'linux';
    await link(`code-${system}.sh`, join(vscode, 'bin', 'remote-cli', 'code-server'));
    await link(`browser-${system}.sh`, join(vscode, 'bin', 'helpers', 'browser.sh'));
    await writeFile(join(folder, READY), `${JSON.stringify({ codeServer: CODE_SERVER, node: NODE })}\n`);
    await rename(folder, target).catch((error) => {
      // Somebody else finished the same installation first: theirs is as good.
      if (!codeServerIsInstalled()) throw error;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  say(`code-server: installed in ${Math.round((Date.now() - started) / 1000)} s`);
  return describe(target);
}

async function link(to, path) {
  await rm(path, { force: true });
  await symlink(to, path);
}
