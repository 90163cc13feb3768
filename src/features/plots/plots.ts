import * as vscode from 'vscode';
import type { Experiment } from '../../core/schema/experiment';
import { PLOT_VIEW_TYPE } from '../../shared/plotProtocol';
import { Disposable } from '../../vscode/disposable';
import { ExperimentPanels } from '../experimentPanels';
import type { ExperimentsModel, WorkspaceExperiment } from '../experimentsModel';
import type { Memory } from '../memory';
import { parsePageState } from './incomingMessage';
import { PlotPanel } from './plotPanel';

const LAST_PLOT = 'plots.last';

/** Plot panels, one an experiment. They never take the focus by themselves. */
export class Plots extends Disposable {
  private readonly panels: ExperimentPanels;
  /** Experiments of this window whose plot has not opened yet. */
  private readonly awaited = new Set<string>();

  constructor(private readonly model: ExperimentsModel, distFolder: vscode.Uri, private readonly memory: Memory) {
    super();
    this.panels = this.register(new ExperimentPanels({
      viewType: PLOT_VIEW_TYPE, title: 'Plumbline Plot', model, distFolder,
      fill: (panel, experimentId) => { new PlotPanel(panel, experimentId, model, distFolder); },
      // VS Code may have lost the page's state: then the last plot of this workspace is shown.
      experimentOf: (state) => parsePageState(state)?.experimentId || memory.get<string>(LAST_PLOT),
    }));
    this.register(model.onDidChange(() => this.openAwaited()));
  }

  open(experimentId: string, preserveFocus: boolean): void {
    this.panels.open(experimentId, { viewColumn: vscode.ViewColumn.Beside, preserveFocus });
    void this.memory.update(LAST_PLOT, experimentId);
  }

  /** The plot of an experiment that was started in this window opens when its first results are there. */
  openWithFirstResults({ id }: Experiment): void {
    this.awaited.add(id);
  }

  private openAwaited(): void {
    for (const id of [...this.awaited]) {
      const experiment = this.model.find(id);
      if (experiment === undefined || !hasArmResults(experiment)) continue;
      this.awaited.delete(id);
      this.open(id, true);
    }
  }
}

/** A base model alone makes no comparison: the first trained and judged arm does. */
function hasArmResults({ view }: WorkspaceExperiment): boolean {
  return view?.runs.some(({ run, judged }) => judged && run.armId !== null) ?? false;
}
