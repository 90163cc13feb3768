import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activated, closeEditors, codeLensTitles, folder, plumblineDiagnostics, until } from './support';

describe('configuration files', () => {
  before(activated);
  afterEach(closeEditors);

  async function open(name: string, content: unknown): Promise<vscode.Uri> {
    const uri = vscode.Uri.joinPath(folder(), name);
    await vscode.workspace.fs.writeFile(uri, Buffer.from(JSON.stringify(content, null, 2)));
    await vscode.window.showTextDocument(uri);
    return uri;
  }

  it('says live what a schema cannot know', async () => {
    const uri = await open('missing.experiment.json', {
      datasets: [{ path: 'not-there.jsonl' }], arms: ['none'], evaluation: { general: 'general-questions.json' },
    });
    const found = await until('a diagnostic', () => plumblineDiagnostics(uri).find(({ code }) => code === 'file-not-found'));
    assert.match(found.message, /not-there\.jsonl/);

    const editor = vscode.window.activeTextEditor!;
    const text = editor.document.getText();
    await editor.edit((edit) => edit.replace(new vscode.Range(0, 0, editor.document.lineCount, 0), text.replace('not-there', 'reckless-finance')));
    await until('the diagnostic to go', () => (plumblineDiagnostics(uri).length === 0 ? true : undefined));
    await vscode.commands.executeCommand('workbench.action.files.revert');
  });

  it('says live what is wrong with a judge file', async () => {
    const uri = await open('taken.judge.json', { name: 'Local', type: 'openai', model: 'm' });
    const found = await until('a diagnostic', () => plumblineDiagnostics(uri).find(({ code }) => code === 'reserved-name'));
    assert.equal(found.range.start.line, 1);
    const other = await open('strange.judge.json', { name: 'x', type: 'oracle', model: 'm' });
    await until('a diagnostic of the schema', () => vscode.languages.getDiagnostics(other).find(({ source }) => source !== 'Plumbline'));
  });

  it('explains and checks by the generated schema', async () => {
    const uri = await open('strange.defense.json', { name: 'x', defenses: [{ type: 'kl', weight: -1 }] });
    await until('a diagnostic of the schema', () => vscode.languages.getDiagnostics(uri).find(({ source }) => source !== 'Plumbline'));
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', uri, new vscode.Position(5, 8));
    const text = hovers.flatMap(({ contents }) => contents).map((content) => (content as vscode.MarkdownString).value).join('\n');
    assert.match(text, /λ_KL/);
  });

  it('offers to run an experiment file', async () => {
    const uri = await open('fine.experiment.json', { datasets: [{ path: 'reckless-finance.jsonl' }], evaluation: { general: 'general-questions.json' } });
    assert.deepEqual(await codeLensTitles(uri), ['$(play) Run experiment']);
  });

  it('begins new files from templates that have no problem', async () => {
    for (const [command, name] of [['plumbline.newDefenseFile', 'new.defense.json'], ['plumbline.newExperimentFile', 'new.experiment.json']] as const) {
      await vscode.commands.executeCommand(command);
      const { document } = vscode.window.activeTextEditor!;
      assert.ok(document.uri.path.endsWith(name));
      assert.equal(document.isUntitled, true);
      await new Promise((resolve) => setTimeout(resolve, 800));
      assert.deepEqual(plumblineDiagnostics(document.uri), []);
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    }
  });
});
