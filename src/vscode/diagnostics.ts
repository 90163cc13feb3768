import * as vscode from 'vscode';
import { Disposable } from './disposable';

/** A finding in a text file. Lines and columns count from 1; without a column the whole line is meant. */
export interface FileFinding {
  readonly line: number;
  readonly column?: number | undefined;
  readonly endColumn?: number | undefined;
  readonly severity: 'error' | 'warning' | 'information';
  readonly code?: string | undefined;
  readonly message: string;
}

const SEVERITIES = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
  information: vscode.DiagnosticSeverity.Information,
} as const;

/** Plumbline's entries in the Problems panel, a collection to a purpose. */
export class Findings extends Disposable {
  private readonly collection: vscode.DiagnosticCollection;

  /** `untilSaved`: found once, not live, so they go when the person has changed the file. */
  constructor(name: string, { untilSaved = false } = {}) {
    super();
    this.collection = this.register(vscode.languages.createDiagnosticCollection(name));
    if (untilSaved) this.register(vscode.workspace.onDidSaveTextDocument(({ uri }) => this.collection.delete(uri)));
  }

  set(uri: vscode.Uri, findings: readonly FileFinding[]): void {
    this.collection.set(uri, findings.map(toDiagnostic));
  }

  setForFile(file: string, findings: readonly FileFinding[]): void {
    this.set(vscode.Uri.file(file), findings);
  }

  delete(uri: vscode.Uri): void {
    this.collection.delete(uri);
  }

  clear(): void {
    this.collection.clear();
  }
}

function toDiagnostic({ line, column, endColumn, severity, code, message }: FileFinding): vscode.Diagnostic {
  const start = column === undefined ? 0 : column - 1;
  const end = endColumn === undefined ? Number.MAX_SAFE_INTEGER : endColumn - 1;
  const diagnostic = new vscode.Diagnostic(new vscode.Range(line - 1, start, line - 1, end), message, SEVERITIES[severity]);
  diagnostic.source = 'Plumbline';
  diagnostic.code = code;
  return diagnostic;
}

export function showProblemsPanel(): void {
  void vscode.commands.executeCommand('workbench.actions.view.problems');
}
