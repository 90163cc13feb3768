import { join } from 'node:path';
import type { Respondent } from '../../core/asking/respondents';
import type { ExperimentView } from '../../core/experiments/follow';
import { BASE_ID } from '../../shared/plotProtocol';

export interface AskableModel extends Respondent {
  readonly id: string;
}

/** Who can be asked in an experiment: the base, and every finished run that left an adapter. */
export function askableModels({ runs }: Pick<ExperimentView, 'runs'>): AskableModel[] {
  const trained = runs.filter(({ run, state }) => run.kind === 'train' && run.armId !== null && state === 'done');
  return [
    { id: BASE_ID, name: 'Base model', adapter: null },
    ...trained.map(({ run, name, folder }): AskableModel => ({ id: run.id, name, adapter: join(folder, 'adapter') })),
  ];
}
