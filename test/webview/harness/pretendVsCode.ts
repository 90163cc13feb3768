import type { Theme } from './themes';

export interface PretendVsCode { theme: Theme; defaultStyles: string; state: unknown }

/**
 * Runs in the page before any of its scripts, as VS Code's own part of a webview does: theme, default styles, acquireVsCodeApi.
 * It must not refer to anything outside itself: Playwright sends its text to the page.
 */
export function pretendVsCode({ theme, defaultStyles, state }: PretendVsCode): void {
  const page = window as unknown as {
    acquireVsCodeApi: () => unknown; plumblineTestPosted: (message: unknown) => void; plumblineTestProblem: (text: string) => void;
    plumblineTestTheme: (theme: Theme) => void; plumblineTestState: unknown;
  };

  const putTheme = (next: Theme) => {
    document.documentElement.removeAttribute('style');
    for (const [name, value] of Object.entries(next.variables)) document.documentElement.style.setProperty(name, value);
    document.body?.classList.remove('vscode-light', 'vscode-dark', 'vscode-high-contrast', 'vscode-high-contrast-light');
    document.body?.classList.add(...next.bodyClass.split(' '));
    if (document.body) Object.assign(document.body.dataset, { vscodeThemeKind: next.kind, vscodeThemeName: next.name, vscodeThemeId: next.id });
  };
  page.plumblineTestTheme = putTheme;

  let themed = false;
  new MutationObserver((_changes, observer) => {
    if (document.documentElement && !themed) { themed = true; putTheme(theme); }
    if (document.body) { putTheme(theme); observer.disconnect(); }
  }).observe(document, { childList: true, subtree: true });

  // A sheet made by script is not subject to the page's policy, just as VS Code's own is not.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`${defaultStyles}\nhtml { background-color: var(--vscode-editor-background); }`);
  document.adoptedStyleSheets = [sheet];

  let acquired = false;
  page.plumblineTestState = state;
  page.acquireVsCodeApi = () => {
    if (acquired) throw new Error('An instance of the VS Code API has already been acquired');
    acquired = true;
    return Object.freeze({
      // VS Code clones messages on their way out: what cannot be cloned must fail here too.
      postMessage: (message: unknown) => page.plumblineTestPosted(JSON.parse(JSON.stringify(structuredClone(message)))),
      getState: () => page.plumblineTestState,
      setState: (next: unknown) => { page.plumblineTestState = structuredClone(next); return next; },
    });
  };

  document.addEventListener('securitypolicyviolation', (event) => {
    page.plumblineTestProblem(`content security policy: ${event.violatedDirective} refused ${event.blockedURI} ${event.sample} (${event.sourceFile}:${event.lineNumber})`);
  });
}
