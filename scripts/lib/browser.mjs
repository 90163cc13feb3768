import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureChromium } from './chromium.mjs';

const quiet = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

/**
 * A headless browser with a profile of its own, removed with it.
 *
 * @param {{viewport?: {width: number, height: number}}} [options]
 */
export async function launchBrowser({ viewport = { width: 1400, height: 900 } } = {}) {
  const { chromium } = await import('playwright-core');
  const profile = await mkdtemp(join(tmpdir(), 'plumbline-browser-'));
  // Chromium's sandbox refuses to run as root, which is what most containers are.
  const rootOnly = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: await ensureChromium(), headless: true, viewport, args: [...quiet, '--disable-gpu', ...rootOnly],
  });
  const close = async () => {
    // Closing a live workbench waits for its connections; an empty page does not.
    for (const page of context.pages()) await page.goto('about:blank', { timeout: 5000 }).catch(() => {});
    await context.close().catch(() => {});
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }).catch(() => {});
  };
  return { context, close };
}
