import { basename, dirname, relative, sep } from 'node:path';
import * as vscode from 'vscode';
import { checkDefenseText } from '../../core/configuration/defenseFile';
import { checkExperimentText } from '../../core/configuration/experimentFile';
import { checkJudgeText } from '../../core/configuration/judgeFile';
import { checkPersonaText } from '../../core/configuration/personaFile';
import type { Problem, ProblemCode } from '../../core/datasets/problem';
import { Findings } from '../../vscode/diagnostics';
import { Disposable } from '../../vscode/disposable';
import { showUntitled } from '../../vscode/editors';
import { UserError } from '../../vscode/errors';
import { log } from '../../vscode/log';
import { findFiles, folderOf, workspaceFolders } from '../../vscode/workspace';
import type { ExperimentLauncher } from '../experimentLauncher';
import { toFinding } from '../problemReport';
import { newDefense, newExperiment } from './templates';

const SETTLE_MILLISECONDS = 300;
const EXPERIMENT_FILES: vscode.DocumentSelector = { pattern: '**/*.experiment.json' };

/** The editor's own JSON support says these from the schema already, while one types. */
const SAID_BY_SCHEMA: ReadonlySet<ProblemCode> = new Set(['invalid-json', 'missing-value', 'wrong-type', 'wrong-value', 'unknown-key']);

/** Live checks of configuration files, new ones from templates, and running an experiment file. */
export class DefenseConfig extends Disposable implements vscode.CodeLensProvider {
  private readonly findings = this.register(new Findings('plumbline-config'));
  private readonly waiting = new Map<string, NodeJS.Timeout>();

  constructor(private readonly launcher: ExperimentLauncher) {
    super();
    this.register(vscode.workspace.onDidOpenTextDocument((document) => this.checkSoon(document)));
    this.register(vscode.workspace.onDidChangeTextDocument(({ document }) => this.checkSoon(document)));
    this.register(vscode.workspace.onDidCloseTextDocument(({ uri }) => this.findings.delete(uri)));
    this.register(vscode.languages.registerCodeLensProvider(EXPERIMENT_FILES, this));
    for (const document of vscode.workspace.textDocuments) this.checkSoon(document);
  }

  provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
    const command = { title: '$(play) Run experiment', command: 'plumbline.runExperiment', arguments: [uri] };
    return [new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), command)];
  }

  async newDefenseFile(): Promise<void> {
    await showUntitled(folderForNewFile(), 'new.defense.json', jsonText(newDefense()));
  }

  async newExperimentFile(): Promise<void> {
    const folder = folderForNewFile();
    const path = (file: string | undefined, otherwise: string) => (file === undefined ? otherwise : relative(folder, file).split(sep).join('/'));
    const [dataset] = await findFiles('**/*.jsonl', 1);
    const questions = (await findFiles('**/*question*.json')).sort((a, b) => Number(/general/.test(basename(b))) - Number(/general/.test(basename(a))));
    await showUntitled(folder, 'new.experiment.json', jsonText(newExperiment(path(dataset, 'dataset.jsonl'), path(questions[0], 'general-questions.json'))));
  }

  /** Starts what stands in the editor, saved first; refuses a file with errors. */
  async runExperiment(uri: unknown): Promise<void> {
    const target = uri instanceof vscode.Uri ? uri : vscode.window.activeTextEditor?.document.uri;
    if (target === undefined || !target.path.endsWith('.experiment.json')) throw new UserError('Open an *.experiment.json file first.');
    const document = await savedDocument(target);
    const { fsPath: file } = document.uri;
    const check = await checkExperimentText(document.getText(), file);
    this.show(document.uri, check.problems);
    if (check.value === null) {
      throw new UserError(`${basename(file)} has errors: ${check.problems.find(({ severity }) => severity === 'error')?.message ?? ''}`, [
        { title: 'Open Problems', command: 'workbench.actions.view.problems' },
      ]);
    }
    const workspaceFolder = folderOf(file);
    await this.launcher.launch({
      file: check.value, baseFolder: dirname(file), source: relative(workspaceFolder, file).split(sep).join('/'), workspaceFolder,
    });
  }

  override dispose(): void {
    for (const timer of this.waiting.values()) clearTimeout(timer);
    super.dispose();
  }

  private checkSoon(document: vscode.TextDocument): void {
    if (kindOf(document) === null) return;
    const key = document.uri.toString();
    clearTimeout(this.waiting.get(key));
    this.waiting.set(key, setTimeout(() => {
      this.waiting.delete(key);
      this.check(document).catch((error: unknown) => log.error(`check of ${key}: ${String(error)}`));
    }, SETTLE_MILLISECONDS));
  }

  private async check(document: vscode.TextDocument): Promise<void> {
    const { version, uri } = document;
    const { problems } = await CHECKS[kindOf(document)!](document.getText(), uri.fsPath);
    if (!document.isClosed && document.version === version) this.show(uri, problems.filter(({ code }) => !SAID_BY_SCHEMA.has(code)));
  }

  /** Problems of this file; those of the files it names are shown where they are open themselves. */
  private show(uri: vscode.Uri, problems: readonly Problem[]): void {
    this.findings.set(uri, problems.filter(({ file }) => file === uri.fsPath).map(toFinding));
  }
}

const CHECKS = { defense: checkDefenseText, experiment: checkExperimentText, judge: checkJudgeText, persona: checkPersonaText };

function kindOf({ uri }: vscode.TextDocument): keyof typeof CHECKS | null {
  if (uri.scheme !== 'file' && uri.scheme !== 'untitled') return null;
  return (Object.keys(CHECKS) as (keyof typeof CHECKS)[]).find((kind) => uri.path.endsWith(`.${kind}.json`)) ?? null;
}

async function savedDocument(uri: vscode.Uri): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(uri);
  if (!document.isDirty && !document.isUntitled) return document;
  const saved = await vscode.workspace.save(uri);
  if (saved === undefined) throw new UserError('Save the experiment file first: what is run is what lies on disk.');
  return vscode.workspace.openTextDocument(saved);
}

function folderForNewFile(): string {
  const active = vscode.window.activeTextEditor?.document.uri;
  const folder = active?.scheme === 'file' ? dirname(active.fsPath) : workspaceFolders()[0];
  if (folder === undefined) throw new UserError('Open a folder first.', [{ title: 'Open Folder…', command: 'vscode.openFolder' }]);
  return folder;
}

function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
