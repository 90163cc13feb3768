import type { Locator, Page } from 'playwright-core';

export class StatusBar {
  constructor(private readonly page: Page) {}

  item(text: string | RegExp): Locator {
    return this.page.locator('.part.statusbar .statusbar-item').filter({ hasText: text }).first();
  }

  async waitFor(text: string | RegExp, timeoutMs = 30_000): Promise<string> {
    await this.item(text).waitFor({ timeout: timeoutMs });
    return (await this.item(text).innerText()).trim();
  }

  async click(text: string | RegExp): Promise<void> {
    await this.item(text).click();
  }
}
