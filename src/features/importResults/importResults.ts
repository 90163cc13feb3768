import { DatasetError } from '../../core/datasets/datasetError';
import type { Problem } from '../../core/datasets/problem';
import { importCsv, type ImportResult } from '../../core/importing/importCsv';
import { Findings, showProblemsPanel } from '../../vscode/diagnostics';
import { executeCommand } from '../../vscode/executeCommand';
import { Disposable } from '../../vscode/disposable';
import { pickFiles } from '../../vscode/dialogs';
import { Cancelled } from '../../vscode/errors';
import { showInformation, showWarning } from '../../vscode/messages';
import { withNotification, type ProgressReport } from '../../vscode/progress';
import { folderOf, shownPath, workspaceFolders } from '../../vscode/workspace';
import { count } from '../format';
import { countProblems, reportProblems } from '../problemReport';
import { importMessage, type Imported } from './importMessage';

/** Brings judged answers from elsewhere into the workspace: CSVs with question, response, aligned and coherent. */
export class ImportResults extends Disposable {
  private readonly findings = this.register(new Findings('plumbline-import', { untilSaved: true }));

  constructor(private readonly storeRootOf: (workspaceFolder: string) => string, private readonly refresh: () => Promise<void>) {
    super();
  }

  /** Imports all files, then says once what came of them; one that cannot be read stops no other. */
  async import(files: readonly string[]): Promise<void> {
    const chosen = files.length > 0 ? files : await this.askFiles();
    const { imported, refused, problems } = await withNotification(`Importing ${count(chosen.length, 'file')}`,
      (signal, report) => this.importAll(chosen, signal, report));
    reportProblems(this.findings, problems);
    await this.refresh();
    await Promise.all([this.sayImported(imported), this.sayRefused(refused)]);
  }

  /** Cancelled, it leaves the files that are still to come; those that were imported stay. */
  private async importAll(files: readonly string[], signal: AbortSignal, report: (progress: ProgressReport) => void) {
    const imported: Imported[] = [];
    const refused: Problem[] = [];
    for (const [index, file] of files.entries()) {
      if (signal.aborted) break;
      report({ message: shownPath(file), fraction: index / files.length });
      const result = await this.importOne(file);
      if (result instanceof DatasetError) refused.push(...result.problems);
      else imported.push({ file: shownPath(file), ...result });
    }
    return { imported, refused, problems: [...refused, ...imported.flatMap(({ problems }) => problems)] };
  }

  private importOne(file: string): Promise<ImportResult | DatasetError> {
    return importCsv(this.storeRootOf(folderOf(file)), file).catch((error: unknown) => {
      if (error instanceof DatasetError) return error;
      throw error;
    });
  }

  private async sayImported(imported: readonly Imported[]): Promise<void> {
    const [first] = imported;
    if (first === undefined) return;
    const actions = imported.length === 1 ? ['Show Generations', 'Open Plot'] : ['Show Experiments'];
    const picked = await showInformation(importMessage(imported), ...actions);
    if (picked === 'Show Generations') await executeCommand('plumbline.showGenerations', { experimentId: first.experimentId, id: 'imported' });
    if (picked === 'Open Plot') await executeCommand('plumbline.openPlot', { target: { kind: 'experiment', experimentId: first.experimentId } });
    if (picked === 'Show Experiments') await executeCommand('plumbline.experiments.focus');
  }

  private async sayRefused(problems: readonly Problem[]): Promise<void> {
    if (problems.length === 0) return;
    const picked = await showWarning(`${countProblems(problems, shownPath)}. Nothing was imported from there.`, 'Open Problems');
    if (picked === 'Open Problems') showProblemsPanel();
  }

  private async askFiles(): Promise<string[]> {
    const files = await pickFiles('CSV with question, response, aligned and coherent', workspaceFolders()[0] ?? '', { CSV: ['csv'] });
    if (files.length === 0) throw new Cancelled();
    return files;
  }
}
