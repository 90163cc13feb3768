// Opens a real VS Code on the examples with the extension installed: `code` where it is on the PATH, else VS Code in the browser.
import { parseArgs } from 'node:util';
import { join, resolve } from 'node:path';
import { ensureNodeModules } from './lib/nodeModules.mjs';
import { cacheFolder, root } from './lib/paths.mjs';

const { values } = parseArgs({ options: { folder: { type: 'string' }, port: { type: 'string' }, browser: { type: 'boolean' } } });
const folder = resolve(values.folder ?? join(root, 'examples'));

async function openDesktop(code, vsix) {
  const { runOrThrow } = await import('./lib/runCommand.mjs');
  await runOrThrow(code, ['--install-extension', vsix, '--force'], { show: true });
  await runOrThrow(code, [folder]);
  console.log(`Opened ${folder} in VS Code.`);
}

async function serveBrowser(vsix) {
  const { startCodeServer } = await import('./lib/codeServer.mjs');
  const server = await startCodeServer({
    folder, vsix, dataFolder: cacheFolder('start'), ...(values.port ? { port: Number(values.port) } : {}),
    // This server opens the project's own examples: asking whether to trust them would only be in the way.
    trust: !values.folder,
  });
  console.log(`\nVS Code with Plumbline: ${server.url}\n(only reachable from this machine; Ctrl-C stops it, training goes on)`);
  const stop = async () => {
    await server.stop();
    process.exit(0);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  await server.exited;
  console.error(`VS Code ended by itself.\n${(await server.readLog()).slice(-2000)}`);
  process.exitCode = 1;
}

try {
  await ensureNodeModules();
  const { packageVsix } = await import('./lib/packageVsix.mjs');
  const { findOnPath } = await import('./lib/executable.mjs');
  console.log('Building and packaging the extension ...');
  const { path: vsix } = await packageVsix({ production: false });
  const code = values.browser ? undefined : findOnPath('code');
  if (code) await openDesktop(code, vsix);
  else await serveBrowser(vsix);
} catch (error) {
  console.error(`start: ${error.message}`);
  process.exitCode = 1;
}
