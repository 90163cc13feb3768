import { spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCodeServer } from './codeServerInstall.mjs';
import { freePort } from './freePort.mjs';
import { killLeftovers } from './leftovers.mjs';
import { stopProcessTree, trackProcess } from './processTree.mjs';
import { runOrThrow } from './runCommand.mjs';

const START_TIMEOUT_MS = 60_000;

/** Nothing on screen that is not ours, and nothing that asks the network. */
export const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'chat.disableAIFeatures': true,
};

/**
 * Starts code-server on `folder`, on a loopback port, with the given VSIX installed.
 *
 * @param {object} options
 * @param {string} options.folder
 * @param {string} [options.dataFolder] Where settings and extensions are kept. Without it they, and Plumbline's own storage, are in a temporary folder that `stop` removes.
 * @param {string} [options.vsix]
 * @param {Record<string, unknown>} [options.settings]
 * @param {number} [options.port]
 * @param {Record<string, string>} [options.env] Reaches the extension host.
 * @param {boolean} [options.trust] Every folder is trusted: nobody is asked.
 * @param {boolean} [options.smokeTest] Lets the address carry a test for the extension host; hides notifications.
 * @param {boolean} [options.isolateStorage]
 */
export async function startCodeServer({
  folder, dataFolder, vsix, settings = {}, port, env = {}, trust = true, smokeTest = false, isolateStorage = !dataFolder,
}) {
  const { node, entry } = await ensureCodeServer();
  const data = dataFolder ?? await mkdtemp(join(tmpdir(), 'plumbline-cs-'));
  await mkdir(join(data, 'user', 'User'), { recursive: true });
  const settingsFile = join(data, 'user', 'User', 'settings.json');
  // A persistent data folder is somebody's own: keep the settings that are there.
  const present = dataFolder ? await readFile(settingsFile, 'utf8').catch(() => undefined) : undefined;
  if (present === undefined) {
    await writeFile(settingsFile, JSON.stringify({ ...quietSettings, ...settings }, null, 2));
  }

  const listenOn = port ?? await freePort();
  await writeFile(join(data, 'config.yaml'), `bind-addr: 127.0.0.1:${listenOn}\nauth: none\ncert: false\n`);
  const common = [entry, '--config', join(data, 'config.yaml'), '--user-data-dir', join(data, 'user'), '--extensions-dir', join(data, 'extensions')];
  const serverEnv = {
    ...process.env, EXTENSIONS_GALLERY: '{}', VSCODE_PROXY_URI: '',
    ...(isolateStorage ? { XDG_CONFIG_HOME: join(data, 'config'), XDG_DATA_HOME: join(data, 'data') } : {}),
    ...env,
  };
  const removeData = () => (dataFolder ? undefined : rm(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }).catch(() => {}));
  if (vsix) {
    await runOrThrow(node, [...common, '--install-extension', vsix, '--force'], { env: serverEnv, log: join(data, 'server.log'), timeoutMs: START_TIMEOUT_MS })
      .catch(async (error) => { await removeData(); throw error; });
  }

  const log = openSync(join(data, 'server.log'), 'a');
  const child = spawn(node, [...common, '--bind-addr', `127.0.0.1:${listenOn}`, '--auth', 'none',
    '--disable-telemetry', '--disable-update-check', '--disable-getting-started-override',
    ...(trust ? ['--disable-workspace-trust'] : []),
    ...(smokeTest ? ['--vscode-option', 'enable-smoke-test-driver'] : []),
    '--session-socket', join(data, `session-${listenOn}.sock`), '--reconnection-grace-time', '20'],
  // A group of its own: a stop reaches the extension hosts too, and Ctrl-C in the terminal is ours to handle.
  { env: serverEnv, stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  trackProcess(child);

  const origin = `http://127.0.0.1:${listenOn}`;
  const readLog = () => readFile(join(data, 'server.log'), 'utf8').catch(() => '');
  const stop = async () => {
    await stopProcessTree(child);
    // Training is detached on purpose; a throw-away server takes with it what was started under its storage.
    if (!dataFolder && isolateStorage) killLeftovers('XDG_DATA_HOME', serverEnv.XDG_DATA_HOME);
    await removeData();
  };
  try {
    await waitUntilHealthy(origin, child);
  } catch (error) {
    const text = await readLog();
    await stop();
    throw new Error(`code-server did not start: ${error.message}\n${text.slice(-2000)}`);
  }
  return { origin, url: `${origin}/?folder=${encodeURIComponent(folder)}`, data, pid: child.pid, exited: new Promise((resolve) => child.once('exit', resolve)), readLog, stop };
}

async function waitUntilHealthy(origin, child) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
    const response = await fetch(`${origin}/healthz`).catch(() => undefined);
    if (response?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`no answer within ${START_TIMEOUT_MS / 1000} s`);
}
