import { findOnPath } from './executable.mjs';

/** Runs an extension test bundle in a desktop VS Code: the given executable, or the version that @vscode/test-electron downloads. */
export async function runHostInDesktop({ executable, extension, tests, workspace, env }) {
  const { runTests } = await import('@vscode/test-electron');
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    const hint = findOnPath('xvfb-run') ? 'run this under xvfb-run' : 'install xvfb and run this under xvfb-run';
    throw new Error(`Desktop VS Code needs a display: ${hint}.`);
  }
  try {
    const exitCode = await runTests({
      ...(executable ? { vscodeExecutablePath: executable } : {}),
      extensionDevelopmentPath: extension, extensionTestsPath: tests, extensionTestsEnv: env,
      launchArgs: [workspace, '--disable-workspace-trust', '--disable-extensions', '--skip-welcome', '--skip-release-notes'],
    });
    return { exitCode, console: '' };
  } catch (error) {
    return { exitCode: 1, console: error.message };
  }
}
