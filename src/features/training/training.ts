import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunView } from '../../core/experiments/follow';
import type { Machine } from '../../core/machine/machine';
import { requestStop } from '../../core/training/requests';
import { resumeRun } from '../../core/training/resumeRun';
import { copyText, revealInFileManager, showFile } from '../../vscode/editors';
import { Cancelled, UserError } from '../../vscode/errors';
import { showBriefly } from '../../vscode/messages';
import { withNotification } from '../../vscode/progress';
import { BACK, pickOne } from '../../vscode/quickInput';
import { setting } from '../../vscode/workspace';
import { requireTrust } from '../experimentLauncher';
import type { ExperimentsModel } from '../experimentsModel';
import { count } from '../format';
import type { PythonSource } from '../pythonSource';
import { canResume, canStop, runsOfArgument } from './runTarget';

export interface TrainingParts {
  readonly model: ExperimentsModel;
  readonly machine: () => Promise<Machine>;
  readonly distFolder: string;
  readonly python: PythonSource;
}

/** What a person does to runs that exist. */
export class Training {
  constructor(private readonly parts: TrainingParts) {}

  /** Asks the trainer to save a checkpoint and end; the runner sees to it that it does. */
  async stop(argument: unknown): Promise<void> {
    requireTrust();
    const runs = await this.runsFor(argument, canStop, 'Which run shall stop?', 'Nothing is running.');
    for (const { folder } of runs) await requestStop(folder);
    showBriefly(`Plumbline: stopping ${count(runs.length, 'run')}; a checkpoint is saved first`);
    await this.parts.model.refresh();
  }

  async resume(argument: unknown): Promise<void> {
    requireTrust();
    const runs = await this.runsFor(argument, canResume, 'Which run shall go on?', 'There is no run to resume.');
    const { machine, distFolder, python, model } = this.parts;
    await withNotification('Plumbline', async (signal, report) => {
      report({ message: 'looking for a Python with PyTorch' });
      const { path } = await python.require(signal);
      for (const { folder } of runs) {
        signal.throwIfAborted();
        await resumeRun({ runFolder: folder, python: path, launcher: setting<string[]>('launcher') ?? [], machine: await machine(), distFolder });
      }
    });
    await model.refresh();
  }

  async showLog(argument: unknown): Promise<void> {
    const [run] = await this.runsFor(argument, () => true, 'Whose log?', 'There are no runs yet.');
    const file = join(run!.folder, 'train.log');
    if (!existsSync(file)) throw new UserError(`${run!.name} has no log yet: its trainer has not started.`);
    await showFile(file);
  }

  async openFolder(argument: unknown): Promise<void> {
    const [run] = await this.runsFor(argument, () => true, 'Whose folder?', 'There are no runs yet.');
    await revealInFileManager(run!.folder);
  }

  async copyPath(argument: unknown): Promise<void> {
    const [run] = await this.runsFor(argument, () => true, 'Whose path?', 'There are no runs yet.');
    await copyText(run!.folder);
    showBriefly('Run path copied');
  }

  private async runsFor(argument: unknown, may: (run: RunView) => boolean, question: string, nothing: string): Promise<RunView[]> {
    const { model } = this.parts;
    if (argument !== undefined) {
      const runs = runsOfArgument(model.experiments, argument).filter(may);
      if (runs.length === 0) throw new UserError(nothing);
      return runs;
    }
    const choices = model.experiments.flatMap(({ view }) => (view?.runs ?? []).filter(may).map((run, index) => ({
      label: run.name, description: run.state, value: run, ...(index === 0 ? { heading: view!.experiment.name } : {}),
    })));
    if (choices.length === 0) throw new UserError(nothing);
    const picked = await pickOne<RunView>({ title: 'Plumbline', step: 1, canGoBack: false, placeholder: question, choices });
    if (picked === BACK) throw new Cancelled();
    return [picked];
  }
}
