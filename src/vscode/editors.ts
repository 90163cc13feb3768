import * as vscode from 'vscode';

/** Opens a file in the editor. `preserveFocus` leaves the cursor where the person has it. */
export async function showFile(file: string, options: { preserveFocus?: boolean; preview?: boolean } = {}): Promise<void> {
  await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: true, ...options });
}

/** Opens text that is not saved yet. */
export async function showUntitled(folder: string, name: string, content: string): Promise<void> {
  const uri = vscode.Uri.joinPath(vscode.Uri.file(folder), name).with({ scheme: 'untitled' });
  const document = await vscode.workspace.openTextDocument(uri);
  const editor = await vscode.window.showTextDocument(document, { preview: false });
  await editor.edit((edit) => edit.replace(new vscode.Range(0, 0, document.lineCount, 0), content));
}

export async function revealInFileManager(path: string): Promise<void> {
  await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(path));
}

export async function copyText(text: string): Promise<void> {
  await vscode.env.clipboard.writeText(text);
}

/** Path of the file in the active editor. */
export function activeFile(): string | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri ?? activeTabUri();
  return uri?.scheme === 'file' ? uri.fsPath : undefined;
}

/** Large files have a tab but no document that extensions can see. */
function activeTabUri(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputText ? input.uri : undefined;
}
