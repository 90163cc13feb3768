import * as vscode from 'vscode';

/** The extension's one output channel. */
export const log: vscode.LogOutputChannel = vscode.window.createOutputChannel('Plumbline', { log: true });

export function showLog(): void {
  log.show(true);
}
