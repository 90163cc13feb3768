import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { findOnPath, isExecutable } from './executable.mjs';
import { runCommand } from './runCommand.mjs';

const require = createRequire(import.meta.url);

const wellKnown = {
  darwin: ['/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium'],
  win32: ['C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe', 'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe'],
}[process.platform] ?? [];

async function playwrightChromium() {
  const { chromium } = await import('playwright-core');
  const path = chromium.executablePath();
  return isExecutable(path) ? path : undefined;
}

/** A Chromium that is on this machine already, or undefined. */
export async function findChromium() {
  const chosen = process.env.PLUMBLINE_CHROMIUM;
  if (chosen) {
    if (!isExecutable(chosen)) throw new Error(`PLUMBLINE_CHROMIUM is ${chosen}, which is not an executable file.`);
    return chosen;
  }
  return findOnPath('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge')
    ?? wellKnown.find(isExecutable)
    ?? await playwrightChromium();
}

/** Finds a Chromium, or installs one: Playwright's download first, the system's packages where that cannot be had. */
export async function ensureChromium({ log, say = console.log } = {}) {
  const found = await findChromium();
  if (found) return found;

  say("Chromium: none found. Trying Playwright's download (about 170 MB) ...");
  const playwright = join(dirname(require.resolve('playwright-core/package.json')), 'cli.js');
  const download = await runCommand(process.execPath, [playwright, 'install', 'chromium'], { log, timeoutMs: 5 * 60_000 });
  const downloaded = download.code === 0 ? await playwrightChromium() : undefined;
  if (downloaded) return downloaded;

  if (process.getuid?.() === 0 && findOnPath('apt-get')) {
    say('Chromium: not to be downloaded here. Installing the system package (about 300 MB) ...');
    const apt = { log, env: { DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 10 * 60_000 };
    await runCommand('apt-get', ['update'], apt);
    await runCommand('apt-get', ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], apt);
    const installed = await findChromium();
    if (installed) return installed;
  }
  throw new Error('No Chromium: install Chromium or Chrome, or point PLUMBLINE_CHROMIUM at one. '
    + `Playwright's download said: ${firstError(download.tail)}`);
}

function firstError(output) {
  return output.split('\n').find((line) => /error/i.test(line))?.trim() ?? output.trim().slice(-200);
}
