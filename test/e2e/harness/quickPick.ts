import type { Locator, Page } from 'playwright-core';

const MAXIMUM_ROWS = 200;

/** A question at the top of the window: a list to pick from, or a box to type into. */
export class QuickPick {
  constructor(private readonly page: Page) {}

  get widget(): Locator {
    return this.page.locator('.quick-input-widget:visible');
  }

  get input(): Locator {
    return this.widget.locator('.quick-input-box input');
  }

  row(label: string): Locator {
    return this.widget.locator('.quick-input-list .monaco-list-row').filter({ hasText: label });
  }

  async labels(): Promise<string[]> {
    const rows = this.widget.locator('.quick-input-list .monaco-list-row .quick-input-list-label .label-name, .quick-input-list .monaco-list-row .label-name');
    await rows.first().waitFor();
    return [...new Set((await rows.allInnerTexts()).map((text) => text.trim()))];
  }

  /** The text that says what is asked: the title bar where there is one, else the placeholder. */
  async question(): Promise<string> {
    await this.widget.waitFor();
    const title = (await this.widget.locator('.quick-input-title').innerText().catch(() => '')).trim();
    return title || (await this.input.getAttribute('placeholder')) || '';
  }

  /** Waits until the question holds this text: steps of one dialogue follow each other in the same widget. */
  async waitForQuestion(text: string, timeoutMs = 15_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let question = '';
    while (Date.now() < deadline) {
      question = await this.question().catch(() => '');
      if (question.includes(text)) return;
      await this.page.waitForTimeout(100);
    }
    throw new Error(`The question is "${question}", not "${text}".`);
  }

  /** By keyboard, as most people do: under a resting mouse the box's own hint lies over the first rows and takes their clicks. */
  async pick(label: string): Promise<void> {
    const row = this.row(label).first();
    await row.waitFor();
    for (let step = 0; step < MAXIMUM_ROWS; step += 1) {
      if ((await row.getAttribute('class'))?.split(' ').includes('focused')) return this.accept();
      await this.page.keyboard.press('ArrowDown');
    }
    throw new Error(`"${label}" cannot be reached with the arrow keys.`);
  }

  /** Several choices in a list with check boxes. */
  async pickMany(labels: string[]): Promise<void> {
    for (const label of labels) await this.row(label).first().locator('.monaco-checkbox').click();
    await this.accept();
    // Off the list: where the mouse rests, the next step would show its hint.
    await this.page.mouse.move(0, 0);
  }

  async type(text: string): Promise<void> {
    await this.input.waitFor();
    await this.input.fill(text);
  }

  async accept(): Promise<void> {
    await this.page.keyboard.press('Enter');
  }

  async dismiss(): Promise<void> {
    await this.page.keyboard.press('Escape');
    await this.widget.waitFor({ state: 'hidden' });
  }
}
