import * as vscode from 'vscode';
import type { ExtensionApi } from '../../../src/extension';

export const folder = () => vscode.workspace.workspaceFolders![0]!.uri;

export async function activated(): Promise<ExtensionApi> {
  return await vscode.extensions.getExtension<ExtensionApi>('plumbline.plumbline')!.activate();
}

/** Waits until something is there: events of VS Code have no promise. */
export async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>, timeoutMs = 10_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Waited in vain for ${what}.`);
}

export function plumblineDiagnostics(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'Plumbline');
}

export async function codeLensTitles(uri: vscode.Uri): Promise<string[]> {
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri, 10_000);
  return lenses.map(({ command }) => command?.title ?? '');
}

export async function closeEditors(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}
