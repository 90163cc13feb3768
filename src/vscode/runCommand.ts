import { isCancellation, messageOf, UserError } from './errors';
import { executeCommand } from './executeCommand';
import { log, showLog } from './log';
import { showError } from './messages';

export type CommandHandler = (...args: never[]) => unknown;

const SHOW_LOG = 'Show Log';

/** Runs a command: logs it, and shows one message where it fails. Cancelling is no failure. */
export async function runCommand(id: string, handler: CommandHandler, args: readonly unknown[]): Promise<unknown> {
  log.debug(`command ${id}`);
  try {
    return await (handler as (...all: unknown[]) => unknown)(...args);
  } catch (error) {
    if (!isCancellation(error)) reportError(id, error);
    return undefined;
  }
}

/** Logs an error and shows it, with what can be done about it. Does not wait for the person. */
export function reportError(where: string, error: unknown): void {
  const isExpected = error instanceof UserError;
  log.error(`${where}: ${error instanceof Error && !isExpected ? error.stack ?? error.message : messageOf(error)}`);
  const actions = isExpected ? error.actions : [];
  void showError(messageOf(error), ...actions.map(({ title }) => title), SHOW_LOG).then((picked) => {
    if (picked === SHOW_LOG) return showLog();
    const action = actions.find(({ title }) => title === picked);
    return action === undefined ? undefined : executeCommand(action.command, ...action.arguments ?? []);
  });
}
