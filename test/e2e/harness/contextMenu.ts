import type { Locator, Page } from 'playwright-core';

export class ContextMenu {
  constructor(private readonly page: Page) {}

  private get items(): Locator {
    return this.page.locator('.monaco-menu .action-item:not(.disabled) .action-label:not(.separator)');
  }

  async open(target: Locator): Promise<void> {
    await target.click({ button: 'right' });
    await this.items.first().waitFor();
  }

  /** Opens the menu of an element until it holds an item: opened before VS Code has found the extension, it lacks the extension's. */
  async openFor(target: Locator, title: string | RegExp, timeoutMs = 30_000): Promise<Locator> {
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline) {
      await this.open(target);
      const item = this.items.filter({ hasText: title }).first();
      if (await item.waitFor({ timeout: 1000 }).then(() => true, () => false)) return item;
      await this.dismiss();
    }
    throw new Error(`The menu has no "${title}".`);
  }

  /** Right-click on an element, then the menu item. */
  async chooseFor(target: Locator, title: string | RegExp): Promise<void> {
    await (await this.openFor(target, title)).click();
  }

  /** Titles of the open menu, from top to bottom. */
  async titles(): Promise<string[]> {
    await this.items.first().waitFor();
    return (await this.items.allInnerTexts()).map((text) => text.trim());
  }

  async dismiss(): Promise<void> {
    await this.page.keyboard.press('Escape');
    await this.items.first().waitFor({ state: 'detached' });
  }
}
