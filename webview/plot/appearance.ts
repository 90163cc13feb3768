import type { Appearance, ThemeKind } from '../../src/shared/plotProtocol';

/** The editor's colours and the room there is, read from the page. */
export function readAppearance(width: number): Appearance {
  const styles = getComputedStyle(document.documentElement);
  const variable = (name: string, otherwise: string) => styles.getPropertyValue(`--vscode-${name}`).trim() || otherwise;
  const kind = themeKind();
  const isDark = kind === 'dark' || kind === 'highContrast';
  const foreground = variable('foreground', isDark ? '#e4e4e4' : '#1f2328');
  const isHighContrast = kind === 'highContrast' || kind === 'highContrastLight';
  return {
    kind, foreground, width,
    background: variable('editor-background', isDark ? '#1f1f1f' : '#ffffff'),
    muted: isHighContrast ? foreground : variable('descriptionForeground', foreground),
    grid: isHighContrast ? (isDark ? '#555555' : '#c0c0c0') : isDark ? '#3a3a3a' : '#e4e7eb',
    font: variable('font-family', 'system-ui, sans-serif'),
  };
}

function themeKind(): ThemeKind {
  const { classList } = document.body;
  if (classList.contains('vscode-high-contrast-light')) return 'highContrastLight';
  if (classList.contains('vscode-high-contrast')) return 'highContrast';
  return classList.contains('vscode-dark') ? 'dark' : 'light';
}

/** Calls when the editor's theme changes. */
export function onThemeChange(listener: () => void): void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
}
