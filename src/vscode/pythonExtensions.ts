import * as vscode from 'vscode';

/** The parts of other extensions' interfaces that are used; none of them has to be installed. */
interface PythonEnvironmentsApi {
  getEnvironment(scope: vscode.Uri | undefined): Promise<{ execInfo?: { run?: { executable?: string } } } | undefined>;
}

interface PythonApi {
  environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(path: { path: string }): Promise<{ executable?: { uri?: vscode.Uri } } | undefined>;
  };
}

/** The interpreter that the Python Environments extension has chosen for a folder. */
export async function pythonOfEnvironmentsExtension(folder: string | undefined): Promise<string | undefined> {
  const api = await apiOf<PythonEnvironmentsApi>('ms-python.vscode-python-envs');
  const environment = await api?.getEnvironment(folder === undefined ? undefined : vscode.Uri.file(folder));
  return environment?.execInfo?.run?.executable;
}

/** The interpreter that the Python extension has chosen for a folder. */
export async function pythonOfPythonExtension(folder: string | undefined): Promise<string | undefined> {
  const { environments } = await apiOf<PythonApi>('ms-python.python') ?? {};
  if (environments === undefined) return undefined;
  const path = environments.getActiveEnvironmentPath(folder === undefined ? undefined : vscode.Uri.file(folder));
  return (await environments.resolveEnvironment(path))?.executable?.uri?.fsPath;
}

/** An extension that fails to start is as good as absent. */
async function apiOf<T>(id: string): Promise<T | undefined> {
  const extension = vscode.extensions.getExtension<T>(id);
  if (extension === undefined) return undefined;
  return Promise.resolve(extension.activate()).catch(() => undefined);
}
