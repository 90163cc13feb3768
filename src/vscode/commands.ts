import * as vscode from 'vscode';
import type { Owned } from './disposable';
import { executeCommand } from './executeCommand';
import { runCommand, type CommandHandler } from './runCommand';

export function registerCommand(id: string, handler: CommandHandler): Owned {
  return vscode.commands.registerCommand(id, (...args: unknown[]) => runCommand(id, handler, args));
}

export function setContext(key: string, value: unknown): Thenable<unknown> {
  return executeCommand('setContext', key, value);
}
