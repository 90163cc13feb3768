import * as vscode from 'vscode';
import { Disposable } from '../vscode/disposable';
import type { ExperimentsModel } from './experimentsModel';

export interface ExperimentPanelsParts {
  readonly viewType: string;
  readonly title: string;
  readonly model: ExperimentsModel;
  readonly distFolder: vscode.Uri;
  /** Fills a new panel. */
  readonly fill: (panel: vscode.WebviewPanel, experimentId: string) => void;
  /** Which experiment a panel was of that comes back after a reload. */
  readonly experimentOf: (state: unknown) => string | undefined;
}

/** Webview panels of one kind, one an experiment; they come back after a reload. */
export class ExperimentPanels extends Disposable implements vscode.WebviewPanelSerializer {
  private readonly panels = new Map<string, vscode.WebviewPanel>();

  constructor(private readonly parts: ExperimentPanelsParts) {
    super();
    this.register(vscode.window.registerWebviewPanelSerializer(parts.viewType, this));
  }

  /** Shows an experiment's panel, where it is open already. */
  open(experimentId: string, { viewColumn, preserveFocus }: { viewColumn: vscode.ViewColumn; preserveFocus: boolean }): void {
    const open = this.panels.get(experimentId);
    if (open !== undefined) return open.reveal(undefined, preserveFocus);
    const { viewType, title } = this.parts;
    this.adopt(vscode.window.createWebviewPanel(viewType, title, { viewColumn, preserveFocus }, { enableScripts: true }), experimentId);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const { model, experimentOf } = this.parts;
    const experimentId = experimentOf(state);
    if (model.experiments.length === 0) await model.refresh();
    if (experimentId === undefined || this.panels.has(experimentId)) return panel.dispose();
    this.adopt(panel, experimentId);
  }

  override dispose(): void {
    for (const panel of this.panels.values()) panel.dispose();
    super.dispose();
  }

  private adopt(panel: vscode.WebviewPanel, experimentId: string): void {
    panel.iconPath = vscode.Uri.joinPath(this.parts.distFolder, '..', 'media', 'icon.svg');
    this.panels.set(experimentId, panel);
    panel.onDidDispose(() => this.panels.delete(experimentId));
    this.parts.fill(panel, experimentId);
  }
}
