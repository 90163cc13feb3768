import * as vscode from 'vscode';
import { z } from 'zod';
import { ASK_VIEW_TYPE } from '../../shared/askProtocol';
import { Disposable } from '../../vscode/disposable';
import { UserError } from '../../vscode/errors';
import { ExperimentPanels } from '../experimentPanels';
import { requireTrust } from '../experimentLauncher';
import { NO_EXPERIMENTS, pickExperiment } from '../pickExperiment';
import { AskPanel, type AskParts } from './askPanel';
import { parseAskPageState } from './incomingMessage';

const argumentOfTree = z.object({ target: z.object({ experimentId: z.string() }) });

/** Ask panels, one an experiment. */
export class Ask extends Disposable {
  private readonly panels: ExperimentPanels;

  constructor(private readonly parts: AskParts) {
    super();
    this.panels = this.register(new ExperimentPanels({
      viewType: ASK_VIEW_TYPE, title: 'Plumbline: Ask', model: parts.model, distFolder: parts.distFolder,
      fill: (panel, experimentId) => { new AskPanel(panel, experimentId, parts); },
      experimentOf: (state) => parseAskPageState(state)?.experimentId,
    }));
  }

  /** Opens the panel of a row of the tree; from the palette, of the experiment that is picked. */
  async open(argument: unknown): Promise<void> {
    requireTrust();
    const given = argumentOfTree.safeParse(argument).data?.target.experimentId;
    const experiment = given === undefined ? await this.askExperiment() : this.parts.model.find(given);
    if (!experiment?.view) throw new UserError('This experiment is no longer in the workspace.');
    if (experiment.view.experiment.kind !== 'planned') throw new UserError('Imported answers have no model that could be asked.');
    this.panels.open(experiment.id, { viewColumn: vscode.ViewColumn.Active, preserveFocus: false });
  }

  private askExperiment() {
    return pickExperiment(this.parts.model, {
      title: 'Ask', placeholder: 'Whose models?', accepts: ({ view }) => view!.experiment.kind === 'planned', nothing: NO_EXPERIMENTS,
    });
  }
}
