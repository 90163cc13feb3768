import * as vscode from 'vscode';
import { z } from 'zod';
import { ASK_VIEW_TYPE } from '../../shared/askProtocol';
import { Disposable } from '../../vscode/disposable';
import { Cancelled, UserError } from '../../vscode/errors';
import { BACK, pickOne } from '../../vscode/quickInput';
import { requireTrust } from '../experimentLauncher';
import { age } from '../format';
import { AskPanel, type AskParts } from './askPanel';
import { parseAskPageState } from './incomingMessage';

const argumentOfTree = z.object({ target: z.object({ experimentId: z.string() }) });

/** Ask panels, one an experiment. */
export class Ask extends Disposable implements vscode.WebviewPanelSerializer {
  private readonly panels = new Map<string, AskPanel>();

  constructor(private readonly parts: AskParts) {
    super();
    this.register(vscode.window.registerWebviewPanelSerializer(ASK_VIEW_TYPE, this));
  }

  /** Opens the panel of a row of the tree; from the palette, of the experiment that is picked. */
  async open(argument: unknown): Promise<void> {
    requireTrust();
    const experimentId = argumentOfTree.safeParse(argument).data?.target.experimentId ?? await this.askExperiment();
    const open = this.panels.get(experimentId);
    if (open !== undefined) return open.panel.reveal();
    if (this.parts.model.find(experimentId)?.view?.experiment.kind === 'imported') throw new UserError('Imported answers have no model that could be asked.');
    this.adopt(vscode.window.createWebviewPanel(ASK_VIEW_TYPE, 'Plumbline: Ask', vscode.ViewColumn.Active, { enableScripts: true, retainContextWhenHidden: false }), experimentId);
  }

  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const experimentId = parseAskPageState(state)?.experimentId;
    if (this.parts.model.experiments.length === 0) await this.parts.model.refresh();
    if (experimentId === undefined || this.panels.has(experimentId)) return panel.dispose();
    this.adopt(panel, experimentId);
  }

  override dispose(): void {
    for (const { panel } of this.panels.values()) panel.dispose();
    super.dispose();
  }

  private adopt(panel: vscode.WebviewPanel, experimentId: string): void {
    panel.iconPath = vscode.Uri.joinPath(this.parts.distFolder, '..', 'media', 'icon.svg');
    this.panels.set(experimentId, new AskPanel(panel, experimentId, this.parts));
    panel.onDidDispose(() => this.panels.delete(experimentId));
  }

  private async askExperiment(): Promise<string> {
    const askable = this.parts.model.experiments.filter(({ view }) => view?.experiment.kind === 'planned');
    if (askable.length === 0) throw new UserError('There are no experiments with a model yet. Right-click a dataset and choose Fine-Tune with a Defense.');
    if (askable.length === 1) return askable[0]!.id;
    const choices = askable.map(({ id, view }) => ({ label: view!.experiment.name, description: age(view!.experiment.createdAt), value: id }));
    const picked = await pickOne({ title: 'Ask', step: 1, canGoBack: false, placeholder: 'Whose models?', choices });
    if (picked === BACK) throw new Cancelled();
    return picked;
  }
}
