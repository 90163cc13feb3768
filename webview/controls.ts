// The one place that knows which widgets the pages use. A test in test/webview finds which of the toolkit's components run
// clean under the pages' policy: these do, badge and tag do not (they set a style attribute).
import { provideVSCodeDesignSystem, vsCodeButton, vsCodeCheckbox, vsCodeDropdown, vsCodeOption, type Checkbox, type Dropdown } from '@vscode/webview-ui-toolkit';

export function registerControls(): void {
  provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeCheckbox(), vsCodeDropdown(), vsCodeOption());
}

export function button(label: string, onClick: () => void, options: { title?: string } = {}): HTMLElement {
  const control = document.createElement('vscode-button');
  control.setAttribute('appearance', 'secondary');
  if (options.title !== undefined) control.title = options.title;
  control.textContent = label;
  control.addEventListener('click', onClick);
  return control;
}

export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLElement {
  const control = document.createElement('vscode-checkbox') as Checkbox;
  control.checked = checked;
  name(control, label);
  control.addEventListener('change', () => onChange(control.checked));
  return control;
}

export function dropdown(label: string, options: readonly { value: string; text: string }[], selected: string, onChange: (value: string) => void): HTMLElement {
  const control = document.createElement('vscode-dropdown') as Dropdown;
  name(control, label);
  for (const { value, text } of options) {
    const option = document.createElement('vscode-option');
    option.setAttribute('value', value);
    if (value === selected) option.setAttribute('selected', '');
    option.textContent = text;
    control.append(option);
  }
  control.addEventListener('change', () => onChange(control.value));
  return control;
}

/** A component names itself when it is put into the page ("Checkbox"); the name that says something is set after that. */
function name(control: HTMLElement, label: string): void {
  queueMicrotask(() => control.setAttribute('aria-label', label));
}
