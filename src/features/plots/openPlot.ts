import { z } from 'zod';
import type { ExperimentsModel } from '../experimentsModel';
import { NO_EXPERIMENTS, pickExperiment } from '../pickExperiment';
import type { Plots } from './plots';

const argumentOfTree = z.object({ target: z.object({ experimentId: z.string() }) });

/** Opens the plot of a row of the tree; from the palette, of the only experiment or the one that is picked. */
export async function openPlot(model: ExperimentsModel, plots: Plots, argument: unknown): Promise<void> {
  const given = argumentOfTree.safeParse(argument).data?.target.experimentId;
  plots.open(given ?? (await pickExperiment(model, { title: 'Open Plot', placeholder: 'Which experiment?', nothing: NO_EXPERIMENTS })).id, true);
}
