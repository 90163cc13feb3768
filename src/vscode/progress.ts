import * as vscode from 'vscode';

export interface ProgressReport {
  readonly message: string;
  /** From 0 to 1, where it is known. */
  readonly fraction?: number;
}

/** Shows a notification with a Cancel button while a task runs. */
export async function withNotification<T>(
  title: string,
  task: (signal: AbortSignal, report: (progress: ProgressReport) => void) => Promise<T>,
): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (progress, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    let shown = 0;
    return task(abort.signal, ({ message, fraction }) => {
      const percent = fraction === undefined ? undefined : Math.max(0, 100 * fraction - shown);
      shown += percent ?? 0;
      progress.report(percent === undefined ? { message } : { message, increment: percent });
    });
  });
}

/** Shows a thin bar on top of a view while a task runs. */
export function withViewProgress<T>(viewId: string, task: () => Promise<T>): Thenable<T> {
  return vscode.window.withProgress({ location: { viewId } }, task);
}
