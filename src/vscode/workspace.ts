import { dirname, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import type { Owned } from './disposable';

export function isTrusted(): boolean {
  return vscode.workspace.isTrusted;
}

export function onTrusted(listener: () => void): Owned {
  return vscode.workspace.onDidGrantWorkspaceTrust(listener);
}

/** Paths of the workspace's folders on disk. */
export function workspaceFolders(): string[] {
  return (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath);
}

export function onWorkspaceFoldersChanged(listener: () => void): Owned {
  return vscode.workspace.onDidChangeWorkspaceFolders(listener);
}

/** The workspace folder that a file lies in; the file's own folder where there is none. */
export function folderOf(file: string): string {
  return vscode.workspace.getWorkspaceFolder(vscode.Uri.file(file))?.uri.fsPath ?? dirname(file);
}

/** A path as a person reads it: relative to its workspace folder, with forward slashes. */
export function shownPath(file: string): string {
  const path = relative(folderOf(file), file);
  return path.split(sep).join('/');
}

export async function findFiles(pattern: string, maximum = 200): Promise<string[]> {
  const found = await vscode.workspace.findFiles(pattern, '**/{node_modules,.plumbline,.git,.venv,venv,dist}/**', maximum);
  return found.filter(({ scheme }) => scheme === 'file').map(({ fsPath }) => fsPath).sort();
}

export function setting<T>(name: string): T | undefined {
  return vscode.workspace.getConfiguration('plumbline').get<T>(name);
}

export function onSettingChanged(name: string, listener: () => void): Owned {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(`plumbline.${name}`)) listener();
  });
}

export async function updateUserSetting(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration('plumbline').update(name, value, vscode.ConfigurationTarget.Global);
}
