import type { Locator, Page } from 'playwright-core';

/** A modal question in the middle of the window. */
export class Dialog {
  constructor(private readonly page: Page) {}

  get box(): Locator {
    return this.page.locator('.monaco-dialog-box');
  }

  async message(): Promise<string> {
    await this.box.waitFor();
    return this.box.locator('.dialog-message-container').innerText();
  }

  async press(button: string): Promise<void> {
    await this.box.locator('.monaco-button').filter({ hasText: button }).first().click();
    await this.box.waitFor({ state: 'detached' });
  }
}
