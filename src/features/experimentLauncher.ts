import { resolve } from 'node:path';
import { DatasetError } from '../core/datasets/datasetError';
import type { Problem } from '../core/datasets/problem';
import { validateDataset } from '../core/datasets/validateDataset';
import { ModelError } from '../core/environment/model';
import { startExperiment } from '../core/experiments/startExperiment';
import type { Machine } from '../core/machine/machine';
import type { Experiment } from '../core/schema/experiment';
import type { ExperimentFile } from '../core/schema/experimentFile';
import { Findings, showProblemsPanel } from '../vscode/diagnostics';
import { Disposable } from '../vscode/disposable';
import { Emitter } from '../vscode/emitter';
import { Cancelled, UserError } from '../vscode/errors';
import { showBriefly, showWarning } from '../vscode/messages';
import { withNotification } from '../vscode/progress';
import { isTrusted, setting, shownPath } from '../vscode/workspace';
import { byFile, countProblems, reportProblems } from './problemReport';
import type { PythonSource } from './pythonSource';

export interface LaunchRequest {
  readonly file: ExperimentFile;
  readonly baseFolder: string;
  /** The experiment file, where there is one. */
  readonly source: string | null;
  readonly workspaceFolder: string;
}

interface Skips { readonly skipBadRows: boolean; readonly excludeLongRows: boolean }

export interface LauncherParts {
  readonly machine: () => Promise<Machine>;
  readonly distFolder: string;
  readonly python: PythonSource;
  /** Called when something was queued, before anybody is told. */
  readonly refresh: () => Promise<void>;
}

/** Starts experiments for whoever asks. A notification shows only while one is prepared; then tree and status bar take over. */
export class ExperimentLauncher extends Disposable {
  private readonly findings = this.register(new Findings('plumbline-launch', { untilSaved: true }));
  private readonly started = this.register(new Emitter<Experiment>());

  /** An experiment of this window was queued. */
  readonly onDidStart = this.started.event;

  constructor(private readonly parts: LauncherParts) {
    super();
  }

  async launch(request: LaunchRequest): Promise<Experiment> {
    requireTrust();
    this.findings.clear();
    let skips: Skips = { skipBadRows: false, excludeLongRows: false };
    for (;;) {
      try {
        const experiment = await this.prepare(request, skips);
        await this.parts.refresh();
        this.started.fire(experiment);
        showBriefly(`$(rocket) Plumbline: ${experiment.name}, ${experiment.runs.length} runs queued`);
        return experiment;
      } catch (error) {
        skips = await this.askToSkip(request, skips, error);
      }
    }
  }

  private prepare(request: LaunchRequest, skips: Skips): Promise<Experiment> {
    return withNotification('Plumbline', async (signal, report) => {
      report({ message: 'looking for a Python with PyTorch' });
      const python = await this.parts.python.require(signal);
      signal.throwIfAborted();
      return startExperiment({
        ...request, ...skips, signal,
        storeFolder: storeFolderSetting(request.workspaceFolder),
        python: python.path,
        launcher: setting<string[]>('launcher') ?? [],
        machine: await this.parts.machine(),
        distFolder: this.parts.distFolder,
        onProgress: ({ message, fraction }) => report(fraction === undefined ? { message } : { message, fraction }),
      });
    });
  }

  /** Shows what is wrong with the input; the next try leaves bad rows out only where the person says so. */
  private async askToSkip(request: LaunchRequest, skips: Skips, error: unknown): Promise<Skips> {
    if (error instanceof ModelError) throw new UserError(error.message, [{ title: 'Set Up Python…', command: 'plumbline.setUpPython' }], { cause: error });
    if (!(error instanceof DatasetError)) throw error;
    reportProblems(this.findings, error.problems);
    const next = await skipsFor(request, skips, error.problems);
    const skip = next === null ? [] : ['Leave These Rows Out and Start'];
    const picked = await showWarning(`${countProblems(error.problems, shownPath)}. Nothing was started.`, ...skip, 'Open Problems');
    if (next !== null && picked === skip[0]) {
      this.findings.clear();
      return next;
    }
    if (picked === 'Open Problems') showProblemsPanel();
    throw new Cancelled();
  }
}

export function requireTrust(): void {
  if (isTrusted()) return;
  throw new UserError('Plumbline trains only in a trusted workspace. Results can be looked at without.', [
    { title: 'Manage Workspace Trust', command: 'workbench.trust.manage' },
  ]);
}

/** A setting that moves results to another disk; relative to the workspace folder. */
export function storeFolderSetting(workspaceFolder: string): string | undefined {
  const folder = setting<string>('storeFolder');
  return folder ? resolve(workspaceFolder, folder) : undefined;
}

/** What leaving rows out would make good; `null` where it would not. */
async function skipsFor(request: LaunchRequest, skips: Skips, problems: readonly Problem[]): Promise<Skips | null> {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const rows = errors.filter(({ code }) => code !== 'row-too-long');
  const next = { skipBadRows: skips.skipBadRows || rows.length > 0, excludeLongRows: skips.excludeLongRows || rows.length < errors.length };
  if (next.skipBadRows === skips.skipBadRows && next.excludeLongRows === skips.excludeLongRows) return null;
  const datasets = new Set(request.file.datasets.map(({ path }) => resolve(request.baseFolder, path)));
  for (const file of byFile(rows).keys()) {
    if (!datasets.has(file) || !(await validateDataset(file)).skippable) return null;
  }
  return next;
}
