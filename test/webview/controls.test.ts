import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { root } from '../../scripts/lib/paths.mjs';
import { useWebviewBrowser } from './harness/webviewBrowser';

/** Components of the widget toolkit, and whether they set a style that the pages' policy refuses. Those that do are not used. */
const COMPONENTS = {
  Button: { markup: '<vscode-button>Go</vscode-button>', isClean: true },
  Checkbox: { markup: '<vscode-checkbox checked>Shown</vscode-checkbox>', isClean: true },
  Dropdown: { markup: '<vscode-dropdown><vscode-option>One</vscode-option></vscode-dropdown>', isClean: true },
  Divider: { markup: '<vscode-divider></vscode-divider>', isClean: true },
  ProgressRing: { markup: '<vscode-progress-ring></vscode-progress-ring>', isClean: true },
  Badge: { markup: '<vscode-badge>1</vscode-badge>', isClean: false },
  Tag: { markup: '<vscode-tag>new</vscode-tag>', isClean: false },
} as const;

async function bundled(component: string): Promise<string> {
  const names = component === 'Dropdown' ? ['vsCodeDropdown', 'vsCodeOption'] : [`vsCode${component}`];
  const contents = `import { provideVSCodeDesignSystem, ${names.join(', ')} } from '@vscode/webview-ui-toolkit';
    provideVSCodeDesignSystem().register(${names.map((name) => `${name}()`).join(', ')});`;
  const { outputFiles } = await build({ stdin: { contents, resolveDir: root }, bundle: true, write: false, format: 'iife', minify: true, logLevel: 'error' });
  return outputFiles[0]!.text.replaceAll('</script', '<\\/script');
}

describe('the widget toolkit under the policy of the pages', () => {
  const browser = useWebviewBrowser();

  it.each(Object.entries(COMPONENTS))('%s', async (component, { markup, isClean }) => {
    const script = await bundled(component);
    const page = await browser.open({
      html: ({ cspSource }) => `<!DOCTYPE html><html><head>
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-a'; style-src ${cspSource} 'nonce-b'">
        <meta property="csp-nonce" content="b"></head><body>${markup}<script nonce="a">${script}</script></body></html>`,
    });
    await page.page.waitForTimeout(200);
    const violations = page.problems.filter((problem) => problem.startsWith('content security policy'));
    page.problems.length = 0;
    await page.close();
    expect(violations.length === 0).toBe(isClean);
  });
});
