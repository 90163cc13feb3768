import { basename } from 'node:path';
import { parameterOf, partsOf } from '../configuration/defenseParts';
import type { PlannedDefense } from '../schema/defenses';
import type { PlannedDataset } from '../schema/experiment';
import type { Snapshot } from '../schema/rows';
import type { RunSpec } from '../schema/run';
import type { RunPointer } from '../schema/runPointer';
import { contentId, slug } from './identifiers';
import { datasetName, type FrozenDefense, type FrozenInputs } from './plan';
import { UNDEFENDED_STACK, type CommonRunFields } from './planRuns';

/** What the steps of an experiment's defenses are planned from. */
export interface StepSurroundings {
  readonly common: CommonRunFields;
  readonly inputs: FrozenInputs;
  readonly datasets: readonly PlannedDataset[];
  /** Id of the undefended arm's run on a dataset at the first seed. */
  readonly undefendedRun: (dataset: PlannedDataset) => string;
}

type ScoredAdapter = NonNullable<RunSpec['score']>['adapters'][number];
type StepFields = Pick<RunSpec, 'kind' | 'name' | 'stages'> & Partial<RunSpec>;

/** Plans the runs that defenses need before an arm is trained with them: each once, however many arms need it. */
export class StepPlanner {
  private readonly steps = new Map<string, RunSpec>();

  constructor(private readonly around: StepSurroundings) {}

  /** Each after those that it needs. */
  get runs(): RunSpec[] {
    return [...this.steps.values()];
  }

  /** The defense with the runs that make its vector and its pool's scores. */
  complete(defense: FrozenDefense): PlannedDefense {
    const [persona] = partsOf(defense, 'persona');
    return {
      ...defense,
      ...(persona === undefined ? {} : { vectorRun: this.extract(persona.value) }),
      ...(parameterOf(defense.type, 'adapters') === undefined ? {} : { gaps: this.score(defense) }),
    } as PlannedDefense;
  }

  private extract(named: string): RunPointer {
    const { name, ...extract } = frozen(this.around.inputs.personas, named);
    return this.step(`persona-${slug(name)}`, { kind: 'extract', name: `Persona vector · ${name}`, stages: ['extract'], extract });
  }

  private score(defense: FrozenDefense): RunPointer {
    const [pool] = partsOf(defense, 'pool');
    const adapters = this.adaptersOf(defense);
    const name = datasetName(basename(pool!.value));
    return this.step(`scores-${slug(name)}`, {
      kind: 'score', name: `Pool scores · ${name}`, stages: ['score'],
      score: { pool: defense[`${pool!.parameter}Snapshot`] as Snapshot, adapters },
      needs: adapters.map(({ run }) => run.runId),
    });
  }

  /** Those of the datasets that the defense names, or of the experiment's harmful ones. */
  private adaptersOf(defense: FrozenDefense): ScoredAdapter[] {
    const named = partsOf(defense, 'adapters').map(({ value }) => frozen(this.around.inputs.adapters, value));
    const datasets = named.length > 0 ? named : this.around.datasets.filter(({ role }) => role === 'harmful');
    return datasets.map(({ name, train }) => ({ run: this.adapter(name, train), train }));
  }

  /** The undefended arm's own run where the experiment trains on these rows anyway. */
  private adapter(name: string, train: Snapshot): RunPointer {
    const { inputs, common, datasets, undefendedRun } = this.around;
    const trained = datasets.find((dataset) => dataset.train.sha256 === train.sha256);
    if (trained !== undefined) return { experimentId: common.experimentId, runId: undefendedRun(trained) };
    const id = slug(name);
    return this.step(`adapter-${id}`, {
      kind: 'train', name: `Misaligned adapter · ${name}`, stages: ['train'], seed: inputs.file.seeds[0]!,
      arm: UNDEFENDED_STACK, dataset: { id, name, role: 'harmful', train }, training: inputs.file.training,
    });
  }

  /** A step of the same content is planned once; another of the same name gets a number. */
  private step(id: string, fields: StepFields): RunPointer {
    const { common } = this.around;
    const run: RunSpec = { ...common, id, seed: 0, arm: null, dataset: null, training: null, evaluations: [], ...fields };
    const content = contentId(run);
    const known = this.steps.get(content);
    const ids = [...this.steps.values()].map((step) => step.id);
    const numbered = (number: number): string => (ids.includes(`${id}-${number}`) ? numbered(number + 1) : `${id}-${number}`);
    const planned = known ?? { ...run, id: ids.includes(id) ? numbered(2) : id };
    this.steps.set(content, planned);
    return { experimentId: common.experimentId, runId: planned.id };
  }
}

function frozen<T>(all: ReadonlyMap<string, T> | undefined, key: string): T {
  const found = all?.get(key);
  if (found === undefined) throw new Error(`${key} is not frozen.`);
  return found;
}
