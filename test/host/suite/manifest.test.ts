import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('the installed extension', () => {
  const extension = vscode.extensions.getExtension('plumbline.plumbline')!;
  const contributes = extension.packageJSON.contributes as {
    commands: { command: string }[]; configuration: { properties: Record<string, { default: unknown }> };
  };

  before(() => extension.activate());

  it('registers every command of its manifest, and no other', async () => {
    const registered = (await vscode.commands.getCommands(true)).filter((id) => id.startsWith('plumbline.') && !isMadeByVsCode(id));
    assert.deepEqual(registered.sort(), contributes.commands.map(({ command }) => command).sort());
  });

  it('gives every setting its default', () => {
    for (const [name, { default: expected }] of Object.entries(contributes.configuration.properties)) {
      assert.deepEqual(vscode.workspace.getConfiguration().inspect(name)?.defaultValue, expected, name);
    }
  });

  /** VS Code adds commands for each view: focus, open, resetViewLocation, ... */
  function isMadeByVsCode(id: string): boolean {
    return id.startsWith('plumbline.experiments.');
  }
});
