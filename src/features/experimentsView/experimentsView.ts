import * as vscode from 'vscode';
import { setContext } from '../../vscode/commands';
import { Disposable } from '../../vscode/disposable';
import { withViewProgress } from '../../vscode/progress';
import type { ExperimentsModel } from '../experimentsModel';
import { count } from '../format';
import { ExperimentsTree, runningRuns } from './experimentsTree';
import { RunStatusBar } from './runStatusBar';
import type { TreeNode } from './treeModel';

export const EXPERIMENTS_VIEW = 'plumbline.experiments';

/** The Experiments view with its badge, and the status bar item while something runs. */
export class ExperimentsView extends Disposable {
  readonly tree: ExperimentsTree;
  private readonly view: vscode.TreeView<TreeNode>;

  constructor(private readonly model: ExperimentsModel) {
    super();
    this.tree = this.register(new ExperimentsTree(model));
    this.view = this.register(vscode.window.createTreeView(EXPERIMENTS_VIEW, { treeDataProvider: this.tree, showCollapseAll: true }));
    this.register(new RunStatusBar(model));
    this.register(model.onDidChange(() => this.update()));
    this.register(this.view.onDidChangeVisibility(({ visible }) => { if (visible) void model.refresh(); }));
  }

  /** Shows a run in the tree: what a click on the status bar asks for. */
  async reveal(argument: unknown): Promise<void> {
    const { experimentId, runId } = (argument ?? {}) as { experimentId?: string; runId?: string };
    const node = experimentId === undefined || runId === undefined ? undefined : await this.tree.nodeOfRun(experimentId, runId);
    if (node === undefined) return void await vscode.commands.executeCommand(`${EXPERIMENTS_VIEW}.focus`);
    await this.view.reveal(node, { select: true, focus: true, expand: true });
  }

  async refresh(): Promise<void> {
    await withViewProgress(EXPERIMENTS_VIEW, () => this.model.refreshAll());
  }

  private update(): void {
    const running = runningRuns(this.model);
    this.view.badge = running.length === 0 ? undefined : { value: running.length, tooltip: `${count(running.length, 'run')} at work: ${running.join(', ')}` };
    void setContext('plumbline.hasExperiments', this.model.experiments.length > 0);
  }
}
