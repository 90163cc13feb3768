import { validateFile } from '../../core/configuration/validateFile';
import { Findings, showProblemsPanel } from '../../vscode/diagnostics';
import { Disposable } from '../../vscode/disposable';
import { UserError } from '../../vscode/errors';
import { showInformation, showWarning } from '../../vscode/messages';
import { withNotification } from '../../vscode/progress';
import { shownPath } from '../../vscode/workspace';
import { count } from '../format';
import { reportProblems } from '../problemReport';

/** Checks dataset files when a person asks for it, and lists every problem by line. */
export class ValidateDatasets extends Disposable {
  private readonly findings = this.register(new Findings('plumbline-datasets', { untilSaved: true }));

  async validate(files: readonly string[]): Promise<void> {
    if (files.length === 0) throw new UserError('Choose a dataset first: right-click a .jsonl, .json or .csv file in the Explorer.');
    const checked = await withNotification('Plumbline: checking', async (signal, report) => {
      report({ message: files.map(shownPath).join(', ') });
      return Promise.all(files.map((file) => validateFile(file, { signal })));
    });
    reportProblems(this.findings, checked.flatMap(({ problems }) => problems));
    const errors = checked.reduce((sum, one) => sum + one.errors, 0);
    const warnings = checked.reduce((sum, one) => sum + one.warnings, 0);
    const rows = checked.flatMap(({ datasets }) => datasets).reduce((sum, { validRows }) => sum + validRows, 0);
    if (errors + warnings === 0) return void showInformation(`${files.map(shownPath).join(', ')}: ${count(rows, 'row')}, no problems.`);
    const message = `${count(errors, 'error')} and ${count(warnings, 'warning')}; ${count(rows, 'good row')}.`;
    if (await showWarning(message, 'Open Problems') === 'Open Problems') showProblemsPanel();
  }
}
