import * as vscode from 'vscode';

export async function pickFile(title: string, folder: string, filters: Record<string, string[]>): Promise<string | undefined> {
  const picked = await vscode.window.showOpenDialog({ title, defaultUri: vscode.Uri.file(folder), canSelectMany: false, filters });
  return picked?.[0]?.fsPath;
}

/** The same for several files; none where the person backed out. */
export async function pickFiles(title: string, folder: string, filters: Record<string, string[]>): Promise<string[]> {
  const picked = await vscode.window.showOpenDialog({ title, defaultUri: vscode.Uri.file(folder), canSelectMany: true, filters });
  return (picked ?? []).map(({ fsPath }) => fsPath);
}

export async function pickFolder(title: string, folder: string): Promise<string | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title, defaultUri: vscode.Uri.file(folder), canSelectFiles: false, canSelectFolders: true, canSelectMany: false,
  });
  return picked?.[0]?.fsPath;
}

/** Asks where to save and writes there. Says where, or nothing where the person backed out. */
export async function saveAs(suggested: string, filters: Record<string, string[]>, content: Uint8Array): Promise<string | undefined> {
  const target = await vscode.window.showSaveDialog({ defaultUri: vscode.Uri.file(suggested), filters });
  if (target === undefined) return undefined;
  await vscode.workspace.fs.writeFile(target, content);
  return target.fsPath;
}
