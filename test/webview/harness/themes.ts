import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../scripts/lib/paths.mjs';

export const themeNames = ['light', 'dark', 'high-contrast', 'high-contrast-light'] as const;
export type ThemeName = (typeof themeNames)[number];

/** What VS Code tells a webview about its colour theme; read out of a running VS Code 1.139. */
export interface Theme { kind: string; name: string; id: string; bodyClass: string; variables: Record<string, string> }

const folder = join(root, 'test/webview/themes');

export function readTheme(name: ThemeName): Theme {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Theme;
}

export function readDefaultStyles(): string {
  return readFileSync(join(folder, 'defaultStyles.css'), 'utf8');
}
