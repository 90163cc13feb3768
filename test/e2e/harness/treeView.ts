import type { Locator, Page } from 'playwright-core';
import type { ContextMenu } from './contextMenu';

export class TreeView {
  constructor(
    private readonly page: Page,
    private readonly title: string,
    private readonly container: string,
    private readonly menu: ContextMenu,
  ) {}

  /** Alone in its container, a view shows its title beside the container's and has no header of its own. */
  private get pane(): Locator {
    const panes = this.page.locator('.part.sidebar .pane');
    return panes.filter({ has: this.page.locator(`.pane-header[aria-label^="${this.title}"]`) });
  }

  private get rows(): Locator {
    return this.pane.locator('.monaco-list-row');
  }

  row(text: string | RegExp): Locator {
    return this.rows.filter({ hasText: text }).first();
  }

  async show(): Promise<void> {
    const icon = this.page.locator(`.activitybar .action-item:has(a[aria-label^="${this.container}"])`);
    if (!(await icon.getAttribute('class'))?.includes('checked')) await icon.click();
    await this.pane.waitFor();
  }

  async texts(): Promise<string[]> {
    return (await this.rows.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
  }

  async waitForRow(text: string | RegExp, timeoutMs = 30_000): Promise<void> {
    await this.row(text).waitFor({ timeout: timeoutMs });
  }

  async expand(text: string | RegExp): Promise<void> {
    if ((await this.row(text).getAttribute('aria-expanded')) === 'false') await this.row(text).locator('.monaco-tl-twistie').click();
  }

  async click(text: string | RegExp): Promise<void> {
    await this.row(text).click();
  }

  /** Right-click on a row, then the menu item. */
  async choose(text: string | RegExp, title: string): Promise<void> {
    await this.menu.chooseFor(this.row(text), title);
  }

  /** A button that a row shows while the mouse is over it. */
  async press(text: string | RegExp, action: string): Promise<void> {
    await this.row(text).hover();
    await this.row(text).locator(`.actions .action-label[aria-label^="${action}"]`).click();
  }
}
