import type { Locator, Page } from 'playwright-core';

/** A menu that is there shows its items at once. */
const LOOK_MS = 1500;
/** A menu hears no click in its first 100 ms, lest the click that opened it choose something. */
const DEAF_MS = 200;

export class ContextMenu {
  constructor(private readonly page: Page) {}

  private get items(): Locator {
    return this.page.locator('.monaco-menu .action-item:not(.disabled) .action-label:not(.separator)');
  }

  async open(target: Locator): Promise<void> {
    await target.click({ button: 'right' });
    await this.items.first().waitFor();
  }

  /**
   * Opens the menu of an element until it holds an item: opened before VS Code has found the extension, it lacks the extension's,
   * and an editor that comes late takes the focus and closes it.
   */
  async openFor(target: Locator, title: string | RegExp, timeoutMs = 30_000): Promise<Locator> {
    return this.retry(target, title, timeoutMs, (item) => item.waitFor({ timeout: LOOK_MS }));
  }

  /** Right-click on an element, then the menu item. */
  async chooseFor(target: Locator, title: string | RegExp, timeoutMs = 30_000): Promise<void> {
    await this.retry(target, title, timeoutMs, async (item) => {
      await item.waitFor({ timeout: LOOK_MS });
      await this.page.waitForTimeout(DEAF_MS);
      await item.click({ timeout: LOOK_MS });
      await this.items.first().waitFor({ state: 'detached', timeout: LOOK_MS });
    });
  }

  private async retry(target: Locator, title: string | RegExp, timeoutMs: number, act: (item: Locator) => Promise<void>): Promise<Locator> {
    const deadline = Date.now() + timeoutMs;
    const item = this.items.filter({ hasText: title }).first();
    while (Date.now() < deadline) {
      await target.click({ button: 'right' });
      if (await act(item).then(() => true, () => false)) return item;
      await this.dismiss();
    }
    throw new Error(`The menu has no "${title}".`);
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
