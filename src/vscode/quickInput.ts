import * as vscode from 'vscode';
import { Cancelled } from './errors';

export interface Choice<T> {
  readonly label: string;
  readonly value: T;
  readonly description?: string;
  readonly detail?: string;
  readonly picked?: boolean;
  /** A heading over this choice and those after it. */
  readonly heading?: string;
}

export interface StepFrame {
  readonly title: string;
  readonly step: number;
  readonly totalSteps?: number;
  readonly canGoBack: boolean;
}

/** Returned where the person goes one step back. */
export const BACK = Symbol('back');

export interface PickOptions<T> extends StepFrame {
  readonly placeholder: string;
  readonly choices: readonly Choice<T>[];
  /** Which choice is highlighted at first. */
  readonly active?: (value: T) => boolean;
}

type Item<T> = vscode.QuickPickItem & { value?: T };

export async function pickOne<T>(options: PickOptions<T>): Promise<T | typeof BACK> {
  const picked = await show(options, false);
  return picked === BACK ? BACK : picked[0] as T;
}

export async function pickMany<T>(options: PickOptions<T>): Promise<T[] | typeof BACK> {
  return show(options, true);
}

function show<T>(options: PickOptions<T>, many: boolean): Promise<T[] | typeof BACK> {
  const input = vscode.window.createQuickPick<Item<T>>();
  frame(input, options);
  input.placeholder = options.placeholder;
  input.matchOnDescription = true;
  input.canSelectMany = many;
  const items = itemsOf(options.choices);
  input.items = items;
  if (many) input.selectedItems = items.filter(({ picked }) => picked === true);
  const active = options.active;
  if (active !== undefined) input.activeItems = items.filter((item) => item.kind === undefined && active(item.value as T));
  return settle<T[], vscode.QuickPick<Item<T>>>(input, (accept) => input.onDidAccept(() => {
    const chosen = many ? input.selectedItems : input.activeItems;
    if (many || chosen.length > 0) accept(chosen.map(({ value }) => value as T));
  }));
}

function itemsOf<T>(choices: readonly Choice<T>[]): Item<T>[] {
  return choices.flatMap(({ heading, ...choice }) => heading === undefined
    ? [choice]
    : [{ label: heading, kind: vscode.QuickPickItemKind.Separator }, choice]);
}

export interface TextOptions extends StepFrame {
  readonly prompt: string;
  readonly value: string;
  readonly placeholder?: string;
  /** Shown as dots. */
  readonly isSecret?: boolean;
  /** What is wrong with a text; nothing where it will do. */
  readonly validate: (text: string) => string | undefined;
}

export function inputText(options: TextOptions): Promise<string | typeof BACK> {
  const input = vscode.window.createInputBox();
  frame(input, options);
  input.prompt = options.prompt;
  input.value = options.value;
  input.placeholder = options.placeholder;
  input.password = options.isSecret ?? false;
  const check = () => { input.validationMessage = options.validate(input.value.trim()); };
  return settle<string, vscode.InputBox>(input, (accept) => {
    const changed = input.onDidChangeValue(check);
    const accepted = input.onDidAccept(() => {
      check();
      if (!input.validationMessage) accept(input.value.trim());
    });
    return vscode.Disposable.from(changed, accepted);
  });
}

function frame(input: vscode.QuickInput, { title, step, totalSteps, canGoBack }: StepFrame): void {
  input.title = title;
  input.step = step;
  input.totalSteps = totalSteps;
  input.ignoreFocusOut = true;
  if (canGoBack && 'buttons' in input) (input as vscode.InputBox).buttons = [vscode.QuickInputButtons.Back];
}

function settle<R, I extends vscode.InputBox | vscode.QuickPick<vscode.QuickPickItem>>(
  input: I,
  listen: (accept: (result: R) => void) => vscode.Disposable,
): Promise<R | typeof BACK> {
  return new Promise<R | typeof BACK>((resolve, reject) => {
    listen(resolve);
    input.onDidTriggerButton((button) => { if (button === vscode.QuickInputButtons.Back) resolve(BACK); });
    input.onDidHide(() => reject(new Cancelled()));
    input.show();
  }).finally(() => input.dispose());
}
