import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { startAssetServer } from '../../../scripts/lib/assetServer.mjs';
import { launchBrowser } from '../../../scripts/lib/browser.mjs';
import { artifacts, root } from '../../../scripts/lib/paths.mjs';
import { pretendVsCode } from './pretendVsCode';
import { readDefaultStyles, readTheme, type ThemeName } from './themes';

/** What a page's HTML function needs to know, in the words of VS Code's webview API. */
export interface WebviewResources { cspSource: string; asset: (file: string) => string }

export interface OpenOptions {
  /** Makes the page's HTML; `asset('plot.js')` is the address of dist/webview/plot.js. */
  html: (resources: WebviewResources) => string;
  theme?: ThemeName;
  state?: unknown;
  viewport?: { width: number; height: number };
}

type Server = Awaited<ReturnType<typeof startAssetServer>>;

/** One open webview page. Nothing that goes wrong in it passes silently: `problems` must be empty, and `close` sees to it. */
export class WebviewPage {
  constructor(readonly page: Page, readonly posted: unknown[], readonly problems: string[], private readonly forget: () => void) {}

  /** A message from the extension. */
  async send(message: unknown): Promise<void> {
    await this.page.evaluate((data) => window.postMessage(data, '*'), message);
  }

  /** Waits for a message to the extension, those posted already included. */
  async waitForPosted<Message extends { type: string }>(type: Message['type'], timeoutMs = 10_000): Promise<Message> {
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline) {
      const found = this.posted.find((message) => (message as Message).type === type);
      if (found) return found as Message;
      await this.page.waitForTimeout(20);
    }
    throw new Error(`The page posted no "${type}", only: ${JSON.stringify(this.posted).slice(0, 500)}. Problems: ${this.problems.join('; ') || 'none'}`);
  }

  /** The person chooses another theme while the page is open. */
  async changeTheme(name: ThemeName): Promise<void> {
    await this.page.evaluate((theme) => (window as unknown as { plumblineTestTheme(value: unknown): void }).plumblineTestTheme(theme), readTheme(name));
  }

  /** What the page keeps for the time when it is hidden. */
  state(): Promise<unknown> {
    return this.page.evaluate(() => (window as unknown as { plumblineTestState: unknown }).plumblineTestState);
  }

  async screenshot(name: string): Promise<string> {
    const path = join(artifacts, 'webview', `${name.replace(/[^\w.-]+/g, '-')}.png`);
    await mkdir(join(artifacts, 'webview'), { recursive: true });
    await this.page.screenshot({ path, fullPage: true });
    return path;
  }

  /** Closes the page; an error, a warning of the policy or an uncaught exception on it fails the test here. */
  async close(): Promise<void> {
    await this.page.close();
    this.forget();
    if (this.problems.length > 0) throw new Error(`The page had problems:\n${this.problems.join('\n')}`);
  }
}

export interface WebviewBrowser { open(options: OpenOptions): Promise<WebviewPage> }

/** A browser and a server for all tests of a file. Assets come from another origin than the page, as they do in VS Code. */
export function useWebviewBrowser(): WebviewBrowser {
  let context: BrowserContext;
  let closeBrowser: () => Promise<void>;
  let pages: Server;
  let assets: Server;
  let opened = 0;
  const left = new Set<WebviewPage>();

  beforeAll(async () => {
    [pages, assets] = await Promise.all([startAssetServer(join(root, 'dist/webview')), startAssetServer(join(root, 'dist/webview'))]);
    ({ context, close: closeBrowser } = await launchBrowser());
  }, 120_000);
  afterAll(async () => {
    const forgotten = left.size;
    await closeBrowser?.();
    await Promise.all([pages?.close(), assets?.close()]);
    if (forgotten > 0) throw new Error(`${forgotten} webview pages were not closed: close() is what checks them.`);
  }, 60_000);

  return {
    async open({ html, theme = 'dark', state, viewport }) {
      const page = await context.newPage();
      if (viewport) await page.setViewportSize(viewport);
      page.setDefaultTimeout(10_000);
      const posted: unknown[] = [];
      const problems: string[] = [];
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') problems.push(`console ${message.type()}: ${message.text()}`);
      });
      page.on('pageerror', (error) => problems.push(`uncaught: ${error.stack ?? error.message}`));
      page.on('requestfailed', (request) => problems.push(`request failed: ${request.url()} ${request.failure()?.errorText ?? ''}`));
      await page.exposeFunction('plumblineTestPosted', (message: unknown) => { posted.push(message); });
      await page.exposeFunction('plumblineTestProblem', (text: string) => { problems.push(text); });
      await page.addInitScript(pretendVsCode, { theme: readTheme(theme), defaultStyles: readDefaultStyles(), state });

      opened += 1;
      const path = `/page-${opened}.html`;
      pages.pages.set(path, html({ cspSource: assets.origin, asset: (file) => `${assets.origin}/${file}` }));
      const webview = new WebviewPage(page, posted, problems, () => left.delete(webview));
      left.add(webview);
      await page.goto(`${pages.origin}${path}`);
      return webview;
    },
  };
}
