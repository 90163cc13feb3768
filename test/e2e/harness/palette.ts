import type { Page } from 'playwright-core';
import { QuickPick } from './quickPick';

export class Palette {
  private readonly list: QuickPick;

  constructor(private readonly page: Page) {
    this.list = new QuickPick(page);
  }

  /** Runs a command by its title. The list holds what was registered when it opened, so an extension that is still starting asks for another look. */
  async run(title: string, timeoutMs = 30_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline) {
      await this.open(title);
      const row = this.list.row(title).first();
      if (await row.waitFor({ timeout: 1500 }).then(() => true, () => false)) {
        await row.click();
        return;
      }
      await this.page.keyboard.press('Escape');
    }
    throw new Error(`The palette has no "${title}".`);
  }

  /** Whether a command can be found now; for commands that must not be there, wait for the extension first. */
  async offers(title: string): Promise<boolean> {
    await this.open(title);
    const found = await this.list.row(title).first().waitFor({ timeout: 1500 }).then(() => true, () => false);
    await this.list.dismiss();
    return found;
  }

  /** A key pressed while another list closes is lost: press until the palette is there. */
  private async open(filter: string): Promise<void> {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await this.page.keyboard.press('F1');
      if (await this.list.input.waitFor({ timeout: 2000 }).then(() => true, () => false)) break;
    }
    await this.list.type(`>${filter}`);
  }

  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press('Control+P');
    await this.list.type(name);
    await this.list.row(name).first().click();
    await this.page.locator(`.tabs-container .tab.active[aria-label^="${name}"]`).waitFor();
  }
}
