import { Cancelled, UserError } from '../vscode/errors';
import { BACK, pickOne } from '../vscode/quickInput';
import type { ExperimentsModel, WorkspaceExperiment } from './experimentsModel';
import { age } from './format';

export interface ExperimentQuestion {
  /** What the command is called. */
  readonly title: string;
  readonly placeholder: string;
  /** Which experiments will do; all that can be read otherwise. */
  readonly accepts?: (experiment: WorkspaceExperiment) => boolean;
  /** What is said, with what to do, where none will do. */
  readonly nothing: string;
}

/** The only experiment that will do, or the one that the person picks. */
export async function pickExperiment(model: ExperimentsModel, { title, placeholder, accepts = () => true, nothing }: ExperimentQuestion): Promise<WorkspaceExperiment> {
  const possible = model.experiments.filter((experiment) => experiment.view !== null && accepts(experiment));
  if (possible.length === 0) throw new UserError(nothing);
  if (possible.length === 1) return possible[0]!;
  const choices = possible.map((value) => ({ label: value.view!.experiment.name, description: age(value.view!.experiment.createdAt), value }));
  const picked = await pickOne({ title, step: 1, canGoBack: false, placeholder, choices });
  if (picked === BACK) throw new Cancelled();
  return picked;
}

/** Said where nothing has been trained yet. */
export const NO_EXPERIMENTS = 'There are no experiments yet. Right-click a dataset and choose Fine-Tune with a Defense.';
