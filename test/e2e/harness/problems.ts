import type { Page } from 'playwright-core';
import type { Palette } from './palette';

export class Problems {
  constructor(private readonly page: Page, private readonly palette: Palette) {}

  /** Such as "Errors: 1, Warnings: 3", from the status bar. */
  async summary(): Promise<string> {
    return (await this.page.locator('#status\\.problems').getAttribute('aria-label')) ?? '';
  }

  /** The rows of the Problems view that are on screen, files and problems. */
  async rows(): Promise<string[]> {
    await this.palette.run('Problems: Focus on Problems View');
    const rows = this.page.locator('.markers-panel .monaco-list-row');
    await rows.first().waitFor();
    return rows.allInnerTexts();
  }
}
