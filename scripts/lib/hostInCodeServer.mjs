import { launchBrowser } from './browser.mjs';
import { startCodeServer } from './codeServer.mjs';

/**
 * Runs an extension test bundle in the extension host of code-server: VS Code's web workbench starts it from a payload in the address.
 * Resolves with {exitCode, console}; exitCode is undefined when the host never reported one.
 */
export async function runHostInCodeServer({ extension, tests, workspace, env, timeoutMs, settings }) {
  const server = await startCodeServer({ folder: workspace, env, settings, smokeTest: true });
  const lines = [];
  let browser;
  try {
    browser = await launchBrowser();
    const page = await browser.context.newPage();
    let reportExit;
    const exited = new Promise((resolve) => { reportExit = resolve; });
    await page.exposeFunction('codeAutomationExit', (code) => reportExit(code));
    await page.exposeFunction('codeAutomationLog', (type, args) => { lines.push(`[${type}] ${args.map(String).join(' ')}`); });

    const remote = (path) => `vscode-remote://${new URL(server.origin).host}${path}`;
    const payload = JSON.stringify([['extensionDevelopmentPath', remote(extension)], ['extensionTestsPath', remote(tests)]]);
    await page.goto(`${server.url}&payload=${encodeURIComponent(payload)}`);
    let timer;
    const expired = new Promise((resolve) => { timer = setTimeout(resolve, timeoutMs); });
    const exitCode = await Promise.race([exited, expired]);
    clearTimeout(timer);
    return { exitCode, console: `${lines.join('\n')}\n${await server.readLog()}` };
  } finally {
    await browser?.close();
    await server.stop();
  }
}
