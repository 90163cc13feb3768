import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchBrowser } from '../../../scripts/lib/browser.mjs';
import { startCodeServer } from '../../../scripts/lib/codeServer.mjs';
import { artifacts } from '../../../scripts/lib/paths.mjs';
import { copyWorkspace } from '../../../scripts/lib/workspaceCopy.mjs';
import { CodeLenses } from './codeLenses';
import { collectLogs, withoutKnownNoise } from './collectLogs';
import { ContextMenu } from './contextMenu';
import { Dialog } from './dialog';
import { Editor } from './editor';
import { Explorer } from './explorer';
import { Notifications } from './notifications';
import { Palette } from './palette';
import { Problems } from './problems';
import { QuickPick } from './quickPick';
import { StatusBar } from './statusBar';
import { TreeView } from './treeView';
import { Webviews } from './webviews';

export interface WorkbenchOptions {
  /** The folder to copy and open, relative to the project or absolute. */
  workspace?: string;
  settings?: Record<string, unknown>;
  env?: Record<string, string>;
  /** Workspace trust as people have it; by default the tests' folder is trusted. */
  trust?: boolean;
  viewport?: { width: number; height: number };
}

/** Menus and hovers fade in: a picture taken at once is half transparent. */
const FADE_MS = 350;

/** A real VS Code in a browser, with the packaged extension, on a throw-away copy of a workspace. */
export class Workbench {
  readonly contextMenu: ContextMenu;
  readonly dialog: Dialog;
  readonly editor: Editor;
  readonly explorer: Explorer;
  readonly codeLenses: CodeLenses;
  readonly notifications: Notifications;
  readonly palette: Palette;
  readonly problems: Problems;
  readonly quickPick: QuickPick;
  readonly statusBar: StatusBar;
  readonly webviews: Webviews;

  constructor(
    readonly page: Page,
    /** The workspace folder: tests read and change its files as another program would. */
    readonly folder: string,
    /** Everything the server writes: user settings, logs, and Plumbline's user storage in `data`. */
    readonly dataFolder: string,
    readonly readLogs: () => Promise<string>,
    readonly close: () => Promise<void>,
  ) {
    this.contextMenu = new ContextMenu(page);
    this.dialog = new Dialog(page);
    this.editor = new Editor(page);
    this.explorer = new Explorer(page, this.contextMenu);
    this.codeLenses = new CodeLenses(page);
    this.notifications = new Notifications(page);
    this.quickPick = new QuickPick(page);
    this.palette = new Palette(page);
    this.problems = new Problems(page, this.palette);
    this.statusBar = new StatusBar(page);
    this.webviews = new Webviews(page);
  }

  /** A view by its title, in the sidebar container of that title (or of `container`). */
  tree(title: string, container = 'Plumbline'): TreeView {
    return new TreeView(this.page, title, container, this.contextMenu);
  }

  async waitUntilReady(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
  }

  /** The window reloads: the extension host ends and a new one starts. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.waitUntilReady();
  }

  /** What a person does about the Restricted Mode notice. */
  async trustFolder(): Promise<void> {
    await this.statusBar.click('Restricted Mode');
    await this.page.locator('.workspace-trust-editor .monaco-button').filter({ hasText: /^Trust$/ }).first().click();
    await this.page.locator('.part.statusbar .statusbar-item').filter({ hasText: 'Restricted Mode' }).waitFor({ state: 'detached' });
    // The trust page lies over the window.
    const overlay = this.page.locator('.monaco-modal-editor-block');
    await overlay.locator('.action-label[aria-label^="Close"]').first().click();
    await overlay.waitFor({ state: 'hidden' });
  }

  async screenshot(name: string): Promise<string> {
    const path = join(artifacts, 'e2e', `${name.replace(/[^\w.-]+/g, '-')}.png`);
    await mkdir(join(artifacts, 'e2e'), { recursive: true });
    await this.page.waitForTimeout(FADE_MS);
    await this.page.screenshot({ path });
    return path;
  }

  /** What a person needs to understand a failure: the picture, and what the page, the server and the runs wrote. */
  async saveFailure(name: string): Promise<void> {
    const path = await this.screenshot(`FAILED-${name}`);
    await writeFile(path.replace(/\.png$/, '.log'), await this.readLogs());
  }
}

export async function openWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const vsix = process.env['PLUMBLINE_VSIX'];
  if (!vsix) throw new Error('PLUMBLINE_VSIX is not set: run the tests with vitest.e2e.config.mts, which packages the extension.');
  const workspace = await copyWorkspace(options.workspace);
  const cleanUp: (() => Promise<void>)[] = [workspace.remove];
  const close = async () => { for (const step of cleanUp.reverse()) await step(); };
  try {
    const server = await startCodeServer({
      folder: workspace.folder, vsix, trust: options.trust ?? true, env: options.env ?? {},
      settings: { 'workbench.reduceMotion': 'on', ...options.settings },
    });
    cleanUp.push(server.stop);
    const browser = await launchBrowser(options.viewport ? { viewport: options.viewport } : {});
    cleanUp.push(browser.close);
    const page = await browser.context.newPage();
    page.setDefaultTimeout(20_000);
    const consoleLines: string[] = [];
    page.on('console', (message) => consoleLines.push(`[${message.type()}] ${message.text()}`));
    page.on('pageerror', (error) => consoleLines.push(`[pageerror] ${error.stack ?? error.message}`));
    const readLogs = async () => [
      `== page console\n${consoleLines.join('\n')}`,
      `== server\n${withoutKnownNoise(await server.readLog())}`,
      await collectLogs([join(server.data, 'data', 'plumbline'), join(workspace.folder, '.plumbline')]),
    ].join('\n\n');
    const workbench = new Workbench(page, workspace.folder, server.data, readLogs, close);
    await page.goto(server.url);
    await workbench.waitUntilReady();
    return workbench;
  } catch (error) {
    await close();
    throw error;
  }
}
