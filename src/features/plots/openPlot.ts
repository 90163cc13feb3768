import { z } from 'zod';
import { Cancelled, UserError } from '../../vscode/errors';
import { BACK, pickOne } from '../../vscode/quickInput';
import { age } from '../format';
import type { ExperimentsModel } from '../experimentsModel';
import type { Plots } from './plots';

const argumentOfTree = z.object({ target: z.object({ experimentId: z.string() }) });

/** Opens the plot of a row of the tree; from the palette, of the only experiment or the one that is picked. */
export async function openPlot(model: ExperimentsModel, plots: Plots, argument: unknown): Promise<void> {
  const given = argumentOfTree.safeParse(argument).data?.target.experimentId;
  plots.open(given ?? await askExperiment(model), true);
}

async function askExperiment(model: ExperimentsModel): Promise<string> {
  const readable = model.experiments.filter(({ view }) => view !== null);
  if (readable.length === 0) throw new UserError('There are no experiments yet. Right-click a dataset and choose Fine-Tune with a Defense.');
  if (readable.length === 1) return readable[0]!.id;
  const choices = readable.map(({ id, view }) => ({ label: view!.experiment.name, description: age(view!.experiment.createdAt), value: id }));
  const picked = await pickOne({ title: 'Open Plot', step: 1, canGoBack: false, placeholder: 'Which experiment?', choices });
  if (picked === BACK) throw new Cancelled();
  return picked;
}
