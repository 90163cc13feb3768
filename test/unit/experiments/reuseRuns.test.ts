import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { findSameExperiment, unfinishedRuns } from '../../../src/core/experiments/continueExperiment';
import { planExperiment, type FrozenArm, type FrozenInputs, type Plan } from '../../../src/core/experiments/plan';
import { ExperimentStore } from '../../../src/core/experiments/store';
import { writePlan } from '../../../src/core/experiments/writePlan';
import { writeJsonAtomic } from '../../../src/core/files/atomicWrite';
import type { PlannedDefense } from '../../../src/core/schema/defenses';
import { runSpec } from '../../../src/core/schema/run';
import type { RunState } from '../../../src/core/schema/state';
import { frozenInputs, snapshot, UNDEFENDED_ARM } from '../../fixtures/frozenInputs';
import { useTemporaryFolder } from '../datasets/temporaryFolder';

const folder = useTemporaryFolder();
let store: ExperimentStore;
let number = 0;
beforeEach(() => { store = new ExperimentStore(folder.at(`store-${number++}`)); });

const evil = { name: 'evil', persona: snapshot('e', 100), samplesPerPrompt: 1, maxTokens: 64 };
const steered = (coefficient: number) => ({ name: `Steered ${coefficient}`, defenses: [{ type: 'persona-steering', coefficient, persona: 'evil', block: 'auto', positions: 'all', vector: 'raw' }] }) as unknown as FrozenArm;

function plan(written: object = {}, change: Partial<FrozenInputs> = {}): Plan {
  return planExperiment(frozenInputs({ datasets: [{ path: 'bad.jsonl', role: 'harmful' }], seeds: [0], ...written }, { arms: [UNDEFENDED_ARM, steered(5)], personas: new Map([['evil', evil]]), ...change }));
}

async function setState(experimentId: string, runId: string, state: RunState['state']): Promise<void> {
  const identity = { host: 'h', bootId: 'b', pid: 1, startTime: 's', signature: 'x' };
  const path = join(store.runFolder(experimentId, runId), 'state.json');
  await mkdir(dirname(path), { recursive: true });
  await writeJsonAtomic(path, { schemaVersion: 1, state, attempt: 1, device: 'cpu', runner: identity, trainer: null, heartbeatAt: null, updatedAt: '', error: null } satisfies RunState);
}

/** Writes an experiment all runs of which are done, or as `state` says. */
async function written(planned: Plan, state: RunState['state'] | null = 'done'): Promise<Plan> {
  const kept = await writePlan(store, planned);
  if (state !== null) for (const { id } of kept.runs) await setState(kept.experiment.id, id, state);
  return kept;
}

const ids = ({ runs }: Plan) => runs.map(({ id }) => id);
const vectorOf = (each: Plan, id: string) => (each.runs.find((run) => run.id === id)!.arm!.defenses[0] as PlannedDefense & { vectorRun: unknown }).vectorRun;

describe('what the store has already', () => {
  it('is pointed to: the base\'s evaluation and the persona\'s vector', async () => {
    const first = await written(plan());
    const second = await written(plan({ name: 'Again', seeds: [1] }), null);
    expect(ids(first)).toEqual(['base', 'persona-evil', 'undefended--seed-0', 'steered-5--seed-0']);
    expect(ids(second)).toEqual(['undefended--seed-1', 'steered-5--seed-1']);
    expect(second.experiment.base).toEqual({ experimentId: first.experiment.id, runId: 'base' });
    const vector = { experimentId: first.experiment.id, runId: 'persona-evil' };
    expect(vectorOf(second, 'steered-5--seed-1')).toEqual(vector);
    expect(second.experiment.arms[1]!.defenses[0]).toMatchObject({ vectorRun: vector });
    expect(second.experiment.runs.map(({ id, needs }) => [id, needs])).toEqual([['undefended--seed-1', []], ['steered-5--seed-1', []]]);
    const onDisk = JSON.parse(await readFile(join(store.runFolder(second.experiment.id, 'steered-5--seed-1'), 'run.json'), 'utf8')) as unknown;
    expect(runSpec.parse(onDisk)).toMatchObject({ needs: [], arm: { defenses: [{ vectorRun: vector }] } });
  });

  it('is no use where it failed, is of other weights, or of another persona', async () => {
    await written(plan(), 'failed');
    expect(ids(await written(plan({ seeds: [1] }), null))).toContain('persona-evil');
    await written(plan());
    const model = { name: 'other', path: '/o', weightsHash: 'o', source: 'folder' };
    expect(ids(await written(plan({ seeds: [1] }, { model }), null))).toEqual(expect.arrayContaining(['base', 'persona-evil']));
    const other = new Map([['evil', { ...evil, persona: snapshot('f', 100) }]]);
    const changed = ids(await written(plan({ seeds: [1] }, { personas: other }), null));
    expect(changed).toContain('persona-evil');
    expect(changed).not.toContain('base');
  });

  it('may still wait in the queue: a step is needed then, the base is made anew', async () => {
    const first = await written(plan(), null);
    const queued = new Set(first.runs.map(({ id }) => store.runFolder(first.experiment.id, id)));
    const second = await writePlan(store, plan({ seeds: [1] }), (runFolder) => queued.has(runFolder));
    expect(ids(second)).toEqual(['base', 'undefended--seed-1', 'steered-5--seed-1']);
    expect(second.runs.at(-1)!.needs).toEqual([`${first.experiment.id}/persona-evil`]);
    expect(await unfinishedRuns(store, second.experiment)).toEqual([
      store.runFolder(second.experiment.id, 'base'), store.runFolder(second.experiment.id, 'undefended--seed-1'),
      store.runFolder(first.experiment.id, 'persona-evil'), store.runFolder(second.experiment.id, 'steered-5--seed-1'),
    ]);
  });
});

describe('misaligned adapters and the scores of a pool', () => {
  const plusPlus = (more: object = {}) => ({
    name: 'Interleave++',
    defenses: [{ type: 'interleave-plus-plus', share: 0.05, pool: '/safe.jsonl', holdOutDomain: true, filterRefusals: true, epsilon: 1, poolSnapshot: snapshot('c', 300), adapters: ['/bad.jsonl'], ...more }],
  }) as unknown as FrozenArm;
  const adapters = new Map([['/bad.jsonl', { name: 'bad', train: snapshot('1', 90) }]]);
  /** On another dataset than the adapters'. */
  const defended = (pool = snapshot('c', 300)): Plan => {
    const frozen = frozenInputs({ datasets: [{ path: 'task.jsonl' }], seeds: [0] }, { arms: [UNDEFENDED_ARM, plusPlus({ poolSnapshot: pool })], adapters });
    return planExperiment({ ...frozen, datasets: frozen.datasets.map((dataset) => ({ ...dataset, train: snapshot('5', 90) })) });
  };

  it('an undefended run of any experiment serves as the adapter', async () => {
    const first = await written(plan({}, { arms: [UNDEFENDED_ARM] }));
    const second = await written(defended());
    expect(ids(second)).not.toContain('adapter-bad');
    const scores = second.runs.find(({ id }) => id === 'scores-safe')!;
    expect(scores.score!.adapters[0]!.run).toEqual({ experimentId: first.experiment.id, runId: 'undefended--seed-0' });
    expect(scores.needs).toEqual([]);
  });

  it('whose scores are there already are not trained again, whoever made them', async () => {
    const first = await written(defended());
    expect(ids(first)).toEqual(['base', 'adapter-bad', 'scores-safe', 'undefended--seed-0', 'interleave--seed-0']);
    const again = await written(defended(), null);
    expect(ids(again)).toEqual(['undefended--seed-0', 'interleave--seed-0']);
    const other = await written(defended(snapshot('d', 300)), null);
    expect(ids(other)).toEqual(['scores-safe', 'undefended--seed-0', 'interleave--seed-0']);
    expect(other.runs[0]!.score!.adapters[0]!.run).toEqual({ experimentId: first.experiment.id, runId: 'adapter-bad' });
  });
});

describe('the same experiment', () => {
  it('is found again, steps of its own or not', async () => {
    const first = await written(plan());
    expect((await findSameExperiment(store, plan()))?.id).toBe(first.experiment.id);
    const second = await written(plan({ seeds: [1] }));
    expect((await findSameExperiment(store, plan({ seeds: [1] })))?.id).toBe(second.experiment.id);
  });

  it('is another where the persona says something else', async () => {
    await written(plan());
    expect(await findSameExperiment(store, plan({}, { personas: new Map([['evil', { ...evil, persona: snapshot('f', 100) }]]) }))).toBeNull();
  });

  it('has nothing left to do once its runs are done and those with questions judged', async () => {
    const { experiment } = await written(plan());
    const open = await unfinishedRuns(store, experiment);
    expect(open).toEqual(['base', 'undefended--seed-0', 'steered-5--seed-0'].map((id) => store.runFolder(experiment.id, id)));
  });
});
