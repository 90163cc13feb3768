import type { FrameLocator, Page } from 'playwright-core';

export class Webviews {
  constructor(private readonly page: Page) {}

  /** The visible webview that holds this text. Several may be open: each is a frame within a frame. */
  async withText(text: string | RegExp, timeoutMs = 30_000): Promise<FrameLocator> {
    return this.find((frame) => frame.getByText(text).first().isVisible(), `the text ${text}`, timeoutMs);
  }

  /** The visible webview that holds an element of this CSS selector. */
  async withElement(selector: string, timeoutMs = 30_000): Promise<FrameLocator> {
    return this.find((frame) => frame.locator(selector).first().isVisible(), selector, timeoutMs);
  }

  private async find(matches: (frame: FrameLocator) => Promise<boolean>, what: string, timeoutMs: number): Promise<FrameLocator> {
    const deadline = Date.now() + timeoutMs;
    while (Date.now() < deadline) {
      const outer = this.page.locator('iframe.webview.ready');
      for (let index = 0; index < await outer.count(); index += 1) {
        const frame = outer.nth(index).contentFrame().frameLocator('#active-frame');
        if (await matches(frame).catch(() => false)) return frame;
      }
      await this.page.waitForTimeout(200);
    }
    throw new Error(`No webview with ${what}.`);
  }
}
