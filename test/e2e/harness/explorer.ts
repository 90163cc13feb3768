import type { Locator, Page } from 'playwright-core';
import type { ContextMenu } from './contextMenu';

export class Explorer {
  constructor(private readonly page: Page, private readonly menu: ContextMenu) {}

  row(file: string): Locator {
    return this.page.locator(`.explorer-folders-view .monaco-list-row:has(:text-is("${file}"))`);
  }

  async show(): Promise<void> {
    await this.page.keyboard.press('Control+Shift+E');
    await this.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
  }

  async open(file: string): Promise<void> {
    await this.row(file).dblclick();
    await this.page.locator(`.tabs-container .tab.active[aria-label^="${file}"]`).waitFor();
  }

  /** Right-click on a file, then the menu item. */
  async choose(file: string, title: string): Promise<void> {
    await this.menu.chooseFor(this.row(file), title);
  }
}
