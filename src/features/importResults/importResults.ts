import { DatasetError } from '../../core/datasets/datasetError';
import { importCsv } from '../../core/importing/importCsv';
import { Findings, showProblemsPanel } from '../../vscode/diagnostics';
import { executeCommand } from '../../vscode/executeCommand';
import { Disposable } from '../../vscode/disposable';
import { pickFile } from '../../vscode/dialogs';
import { Cancelled } from '../../vscode/errors';
import { showInformation, showWarning } from '../../vscode/messages';
import { folderOf, shownPath, workspaceFolders } from '../../vscode/workspace';
import { count, estimateText } from '../format';
import { countProblems, reportProblems } from '../problemReport';

/** Brings judged answers from elsewhere into the workspace: a CSV with question, response, aligned and coherent. */
export class ImportResults extends Disposable {
  private readonly findings = this.register(new Findings('plumbline-import', { untilSaved: true }));

  constructor(private readonly storeRootOf: (workspaceFolder: string) => string, private readonly refresh: () => Promise<void>) {
    super();
  }

  async import(files: readonly string[]): Promise<void> {
    const chosen = files.length > 0 ? files : [await this.askFile()];
    for (const file of chosen) await this.importOne(file);
  }

  private async importOne(file: string): Promise<void> {
    const imported = await importCsv(this.storeRootOf(folderOf(file)), file).catch((error: unknown) => this.refuse(error));
    reportProblems(this.findings, imported.problems);
    await this.refresh();
    const { experimentId, isNew, n, emRate } = imported;
    const picked = await showInformation(
      `${isNew ? 'Imported' : 'Already imported:'} ${count(n, 'answer')} of ${shownPath(file)}: EM rate ${estimateText(emRate)}.`,
      'Show Generations', 'Open Plot',
    );
    if (picked === 'Show Generations') await executeCommand('plumbline.showGenerations', { experimentId, id: 'imported' });
    if (picked === 'Open Plot') await executeCommand('plumbline.openPlot', { target: { kind: 'experiment', experimentId } });
  }

  private async refuse(error: unknown): Promise<never> {
    if (!(error instanceof DatasetError)) throw error;
    reportProblems(this.findings, error.problems);
    const picked = await showWarning(`${countProblems(error.problems, shownPath)}. Nothing was imported.`, 'Open Problems');
    if (picked === 'Open Problems') showProblemsPanel();
    throw new Cancelled();
  }

  private async askFile(): Promise<string> {
    const file = await pickFile('CSV with question, response, aligned and coherent', workspaceFolders()[0] ?? '', { CSV: ['csv'] });
    if (file === undefined) throw new Cancelled();
    return file;
  }
}
