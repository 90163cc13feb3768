import type { Locator, Page } from 'playwright-core';

/** Toasts in the corner. */
export class Notifications {
  constructor(private readonly page: Page) {}

  toast(text: string | RegExp): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item').filter({ hasText: text });
  }

  async waitFor(text: string | RegExp, timeoutMs = 30_000): Promise<string> {
    const toast = this.toast(text).first();
    await toast.waitFor({ timeout: timeoutMs });
    return toast.locator('.notification-list-item-message').innerText();
  }

  async messages(): Promise<string[]> {
    return this.page.locator('.notifications-toasts .notification-list-item-message').allInnerTexts();
  }

  async press(text: string | RegExp, button: string): Promise<void> {
    await this.toast(text).first().locator('.monaco-button').filter({ hasText: button }).first().click();
  }
}
