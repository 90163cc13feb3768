import { describe, expect, it } from 'vitest';
import { useWebviewBrowser, type WebviewResources } from './harness/webviewBrowser';

const inlineScript = 'acquireVsCodeApi().postMessage({ type: "ran", background: getComputedStyle(document.body).color });';

function pageWith(script: string, policy: (resources: WebviewResources) => string): (resources: WebviewResources) => string {
  return (resources) => `<!DOCTYPE html><html><head><meta http-equiv="Content-Security-Policy" content="${policy(resources)}"></head><body><p>Hello</p>${script}</body></html>`;
}

describe('the webview harness', () => {
  const browser = useWebviewBrowser();

  it('gives a page its theme before its scripts run, and records what it posts', async () => {
    const view = await browser.open({ html: pageWith(`<script nonce="n">${inlineScript}</script>`, () => "default-src 'none'; script-src 'nonce-n'"), theme: 'dark' });
    expect(await view.waitForPosted('ran')).toEqual({ type: 'ran', background: 'rgb(204, 204, 204)' });
    await view.changeTheme('high-contrast-light');
    expect(await view.page.evaluate(() => document.body.className)).toBe('vscode-high-contrast-light vscode-high-contrast');
    await view.close();
  });

  it('fails on a script that the policy refuses', async () => {
    const view = await browser.open({ html: pageWith(`<script>${inlineScript}</script>`, () => "default-src 'none'") });
    await expect(view.close()).rejects.toThrow(/content security policy: script-src/);
    expect(view.posted).toEqual([]);
  });

  it('fails on an inline style and on an uncaught error', async () => {
    const script = '<p style="color: red">x</p><script nonce="n">throw new Error("on purpose")</script>';
    const view = await browser.open({ html: pageWith(script, () => "default-src 'none'; script-src 'nonce-n'") });
    await expect(view.close()).rejects.toThrow(/style-src(.|\n)*on purpose/);
  });
});
