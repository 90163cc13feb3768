import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).map((file) => join(folder, file));
}

/** What a file imports: packages by name, own files relative to the project. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target]) => target!).map((target) =>
    (target.startsWith('.') ? relative(root, resolve(root, dirname(file), target)).split(sep).join('/') : target));
}

function violations(folder: string, isForbidden: (target: string, file: string) => boolean): string[] {
  return sources(folder).flatMap((file) => importsOf(file).filter((target) => isForbidden(target, file)).map((target) => `${file} imports ${target}`));
}

const featureOf = (path: string) => /^src\/features\/([^/]+)\//.exec(path.split(sep).join('/'))?.[1];

describe('layers', () => {
  it('core knows neither VS Code nor what is built on it', () => {
    expect(violations('src/core', (target) => target === 'vscode' || /^src\/(features|vscode|shared|cli|runner)\//.test(target))).toEqual([]);
  });

  it('command line and runner know nothing of VS Code', () => {
    for (const folder of ['src/cli', 'src/runner']) {
      expect(violations(folder, (target) => target === 'vscode' || /^src\/(features|vscode)\//.test(target))).toEqual([]);
    }
  });

  it('a feature does not know another', () => {
    expect(violations('src/features', (target, file) => featureOf(`${target}.ts`) !== undefined && featureOf(`${target}.ts`) !== featureOf(file))).toEqual([]);
  });

  it('the wrappers know only VS Code and each other', () => {
    expect(violations('src/vscode', (target) => /^src\/(?!vscode\/)/.test(target))).toEqual([]);
  });

  it('what both sides share depends on nothing', () => {
    expect(violations('src/shared', (target) => !target.startsWith('src/shared/'))).toEqual([]);
  });

  it('pages know only what is shared', () => {
    expect(violations('webview', (target) => target === 'vscode' || /^src\/(?!shared\/)/.test(target))).toEqual([]);
  });

  it('pages write no markup from text', () => {
    for (const file of sources('webview')) expect(readFileSync(join(root, file), 'utf8'), file).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
  });
});
