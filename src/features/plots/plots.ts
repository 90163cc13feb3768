import * as vscode from 'vscode';
import type { Experiment } from '../../core/schema/experiment';
import { PLOT_VIEW_TYPE } from '../../shared/plotProtocol';
import { Disposable } from '../../vscode/disposable';
import type { ExperimentsModel, WorkspaceExperiment } from '../experimentsModel';
import type { Memory } from '../memory';
import { parsePageState } from './incomingMessage';
import { PlotPanel } from './plotPanel';

const LAST_PLOT = 'plots.last';

/** Plot panels, one an experiment. They never take the focus by themselves. */
export class Plots extends Disposable implements vscode.WebviewPanelSerializer {
  private readonly panels = new Map<string, PlotPanel>();
  /** Experiments of this window whose plot has not opened yet. */
  private readonly awaited = new Set<string>();

  constructor(private readonly model: ExperimentsModel, private readonly distFolder: vscode.Uri, private readonly memory: Memory) {
    super();
    this.register(vscode.window.registerWebviewPanelSerializer(PLOT_VIEW_TYPE, this));
    this.register(model.onDidChange(() => this.openAwaited()));
  }

  open(experimentId: string, preserveFocus: boolean): void {
    const open = this.panels.get(experimentId);
    if (open !== undefined) return open.panel.reveal(undefined, preserveFocus);
    const column = { viewColumn: vscode.ViewColumn.Beside, preserveFocus };
    this.adopt(vscode.window.createWebviewPanel(PLOT_VIEW_TYPE, 'Plumbline Plot', column, { enableScripts: true }), experimentId);
    void this.memory.update(LAST_PLOT, experimentId);
  }

  /** The plot of an experiment that was started in this window opens when its first results are there. */
  openWithFirstResults({ id }: Experiment): void {
    this.awaited.add(id);
  }

  /** VS Code may have lost the page's state: then the last plot of this workspace is shown. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const experimentId = parsePageState(state)?.experimentId || this.memory.get<string>(LAST_PLOT);
    if (this.model.experiments.length === 0) await this.model.refresh();
    if (experimentId === undefined || this.panels.has(experimentId)) return panel.dispose();
    this.adopt(panel, experimentId);
  }

  override dispose(): void {
    for (const { panel } of this.panels.values()) panel.dispose();
    super.dispose();
  }

  private adopt(panel: vscode.WebviewPanel, experimentId: string): void {
    panel.iconPath = vscode.Uri.joinPath(this.distFolder, '..', 'media', 'icon.svg');
    this.panels.set(experimentId, new PlotPanel(panel, experimentId, this.model, this.distFolder));
    panel.onDidDispose(() => this.panels.delete(experimentId));
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
