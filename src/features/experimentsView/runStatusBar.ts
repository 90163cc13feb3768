import * as vscode from 'vscode';
import { Disposable } from '../../vscode/disposable';
import { isLive, type ExperimentsModel } from '../experimentsModel';
import { liveText } from '../runText';

/** One item while a run is at work: whose, how far, how long still. */
export class RunStatusBar extends Disposable {
  private readonly item = this.register(vscode.window.createStatusBarItem('plumbline.run', vscode.StatusBarAlignment.Left, 40));

  constructor(private readonly model: ExperimentsModel) {
    super();
    this.item.name = 'Plumbline Runs';
    this.register(model.onDidChange(() => this.update()));
  }

  private update(): void {
    const experiment = this.model.experiments.find(isLive);
    const run = experiment?.view?.runs.find(({ state }) => ['preparing', 'training', 'evaluating'].includes(state));
    if (experiment === undefined || run === undefined) return this.item.hide();
    const done = experiment.view!.runs.filter(({ state }) => state === 'done').length;
    this.item.text = `$(sync~spin) ${run.name}: ${liveText(run)}`;
    this.item.tooltip = `Plumbline: ${experiment.view!.experiment.name}, ${done} of ${experiment.view!.runs.length} runs done. Click to show the run.`;
    this.item.accessibilityInformation = { label: `Plumbline run ${run.name}, ${liveText(run)}` };
    this.item.command = { command: 'plumbline.revealRun', title: 'Show Run', arguments: [{ experimentId: experiment.id, runId: run.run.id }] };
    this.item.show();
  }
}
