import * as vscode from 'vscode';
import { EditorModelError, type EditorModelProblem } from './editorModelError';

/** One of the editor's own language models. */
export interface EditorModel {
  readonly id: string;
  readonly name: string;
  readonly vendor: string;
  readonly family: string;
  readonly version: string;
  /** The text that it replies to one message, cut after so many characters. Rejects with an EditorModelError, and with the signal's reason. */
  ask(message: string, justification: string, mostCharacters: number, signal: AbortSignal): Promise<string>;
}

/** The language models that the editor has for extensions; none where it has no such thing. */
export async function editorModels(): Promise<EditorModel[]> {
  const models = await vscode.lm?.selectChatModels?.() ?? [];
  return models.map((model) => ({
    id: model.id, name: model.name, vendor: model.vendor, family: model.family, version: model.version,
    ask: (message, justification, mostCharacters, signal) => ask(model, { message, justification, mostCharacters, signal }),
  }));
}

interface Question {
  readonly message: string;
  readonly justification: string;
  readonly mostCharacters: number;
  readonly signal: AbortSignal;
}

async function ask(model: vscode.LanguageModelChat, { message, justification, mostCharacters, signal }: Question): Promise<string> {
  signal.throwIfAborted();
  const source = new vscode.CancellationTokenSource();
  const cancel = () => source.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const response = await model.sendRequest([vscode.LanguageModelChatMessage.User(message)], { justification }, source.token);
    let text = '';
    for await (const part of response.text) {
      text += part;
      if (text.length >= mostCharacters) break;
    }
    return text;
  } catch (error) {
    signal.throwIfAborted();
    throw new EditorModelError(problemOf(error), error instanceof Error ? error.message : String(error), { cause: error });
  } finally {
    signal.removeEventListener('abort', cancel);
    source.cancel();
    source.dispose();
  }
}

function problemOf(error: unknown): EditorModelProblem {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
  // Providers say so in words of their own.
  if (/quota|rate.?limit|too many requests/i.test(`${code} ${message}`)) return 'quota';
  switch (code) {
    case vscode.LanguageModelError.NoPermissions.name: return 'permission';
    case vscode.LanguageModelError.NotFound.name: return 'gone';
    case vscode.LanguageModelError.Blocked.name: return 'blocked';
    default: return 'other';
  }
}
