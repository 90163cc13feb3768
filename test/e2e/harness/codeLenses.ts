import type { Locator, Page } from 'playwright-core';

export class CodeLenses {
  constructor(private readonly page: Page) {}

  lens(text: string | RegExp): Locator {
    return this.page.locator('.codelens-decoration a').filter({ hasText: text });
  }

  async titles(): Promise<string[]> {
    await this.page.locator('.codelens-decoration a').first().waitFor();
    return (await this.page.locator('.codelens-decoration a').allInnerTexts()).map((text) => text.trim());
  }

  async click(text: string | RegExp): Promise<void> {
    await this.lens(text).first().click();
  }
}
