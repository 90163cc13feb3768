import type { Locator, Page } from 'playwright-core';

/** The active text editor. */
export class Editor {
  constructor(private readonly page: Page) {}

  get groups(): Locator {
    return this.page.locator('.editor-group-container');
  }

  private get active(): Locator {
    return this.page.locator('.editor-group-container.active .editor-instance');
  }

  line(text: string): Locator {
    return this.active.locator('.view-line').filter({ hasText: text }).first();
  }

  /** The lines on screen; VS Code keeps no others in the page. */
  async visibleText(): Promise<string> {
    await this.active.locator('.view-line').first().waitFor();
    const lines = await this.active.locator('.view-line').evaluateAll((nodes) => nodes
      .map((node) => ({ top: parseFloat((node as HTMLElement).style.top), text: node.textContent ?? '' }))
      .sort((a, b) => a.top - b.top).map(({ text }) => text));
    // Spaces are drawn as no-break spaces.
    return lines.join('\n').replaceAll('\u00a0', ' ');
  }

  tab(name: string): Locator {
    return this.page.locator(`.tabs-container .tab[aria-label^="${name}"]`);
  }

  async tabs(): Promise<string[]> {
    return (await this.page.locator('.tabs-container .tab .label-name').allInnerTexts()).map((text) => text.trim());
  }

  squiggles(kind: 'error' | 'warning' | 'info' | 'hint'): Locator {
    return this.active.locator(`.squiggly-${kind}`);
  }

  /** A squiggle has no size of its own, so it never counts as visible. */
  async waitForSquiggle(kind: 'error' | 'warning' | 'info', timeoutMs = 15_000): Promise<void> {
    await this.squiggles(kind).first().waitFor({ state: 'attached', timeout: timeoutMs });
  }

  /** The text of decorations that are drawn before or after a line's own text. */
  async decorationTexts(): Promise<string[]> {
    return this.active.locator('.view-line span').evaluateAll((nodes) => nodes
      .flatMap((node) => ['::before', '::after'].map((part) => getComputedStyle(node, part).content))
      .filter((content) => content && content !== 'none' && content !== 'normal')
      .map((content) => content.replace(/^"|"$/g, '')));
  }

  async hover(text: string): Promise<string> {
    const hover = this.page.locator('.monaco-hover:not(.hidden)').filter({ visible: true }).first();
    await this.active.locator('.view-line span span').filter({ hasText: text }).first().hover();
    await hover.waitFor();
    return hover.innerText();
  }

  /** Puts the cursor at the end of a line that holds this text. */
  async placeCursorAfter(text: string): Promise<void> {
    await this.line(text).click();
    await this.page.keyboard.press('End');
  }

  async suggestions(): Promise<string[]> {
    await this.page.keyboard.press('Control+Space');
    const rows = this.page.locator('.suggest-widget.visible .monaco-list-row');
    await rows.first().waitFor();
    return (await rows.locator('.label-name').allInnerTexts()).map((text) => text.trim());
  }

  /** Replaces the whole text of the active editor. */
  async replaceAll(text: string): Promise<void> {
    await this.active.locator('.view-lines').first().click();
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.insertText(text);
  }

  async save(): Promise<void> {
    await this.page.keyboard.press('Control+S');
    await this.page.locator('.tabs-container .tab.active.dirty').waitFor({ state: 'detached' });
  }

  async closeAll(): Promise<void> {
    await this.page.keyboard.press('Control+K');
    await this.page.keyboard.press('Control+W');
    await this.page.locator('.tabs-container .tab').first().waitFor({ state: 'detached' });
  }

  /** A button of the active editor's title bar, by its tooltip. */
  titleAction(title: string): Locator {
    return this.page.locator(`.editor-group-container.active .editor-actions .action-label[aria-label^="${title}"]`);
  }
}
