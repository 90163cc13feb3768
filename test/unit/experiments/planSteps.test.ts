import { describe, expect, it } from 'vitest';
import { frozenInputs, snapshot, UNDEFENDED_ARM } from '../../fixtures/frozenInputs';
import { planExperiment, type FrozenArm, type FrozenInputs } from '../../../src/core/experiments/plan';
import { keysOfRuns } from '../../../src/core/experiments/runKey';
import type { PlannedDefense } from '../../../src/core/schema/defenses';
import { experiment } from '../../../src/core/schema/experiment';
import { runSpec, type RunSpec } from '../../../src/core/schema/run';


const arm = (name: string, ...defenses: object[]) => ({ name, defenses }) as FrozenArm;
const steering = { type: 'persona-steering', coefficient: 5, persona: 'evil', block: 'auto', positions: 'all', vector: 'raw' };
const caft = { type: 'caft', rank: 1, persona: 'evil', block: 'auto' };
const plusPlus = { type: 'interleave-plus-plus', share: 0.05, pool: '/study/safe.jsonl', holdOutDomain: true, filterRefusals: true, epsilon: 1, poolSnapshot: snapshot('c', 300) };
const evil = { name: 'evil', persona: snapshot('e', 100), samplesPerPrompt: 1, maxTokens: 64 };
const personas = new Map([['evil', evil]]);

const plan = (arms: FrozenArm[], written: object = {}, change: Partial<FrozenInputs> = {}) =>
  planExperiment(frozenInputs(written, { arms: [UNDEFENDED_ARM, ...arms], personas, ...change }));
const run = (runs: readonly RunSpec[], id: string) => runs.find((each) => each.id === id)!;

/** Ids in order, without those of arms. */
const steps = ({ experiment: planned }: ReturnType<typeof plan>) => planned.runs.filter(({ armId }) => armId === null).map(({ id }) => id);

describe('a persona\'s vector', () => {
  it('is extracted once, however many arms, datasets and seeds use it, and before any of them', () => {
    const planned = plan([arm('Steered', steering), arm('More', { ...steering, coefficient: 10 }), arm('Ablated', caft)]);
    expect(steps(planned)).toEqual(['base', 'persona-evil']);
    const vector = run(planned.runs, 'persona-evil');
    expect(vector).toMatchObject({
      kind: 'extract', stages: ['extract'], arm: null, dataset: null, evaluations: [], needs: [], seed: 0,
      extract: { persona: evil.persona, samplesPerPrompt: 1, maxTokens: 64 },
    });
    const users = planned.runs.filter(({ needs }) => needs.includes('persona-evil'));
    expect(users).toHaveLength(3 * 3 * 2);
    for (const { arm: { defenses } = { defenses: [] } as never } of users as { arm: { defenses: PlannedDefense[] } }[]) {
      expect(defenses[0]).toMatchObject({ vectorRun: { experimentId: planned.experiment.id, runId: 'persona-evil' } });
    }
    expect(planned.runs.indexOf(vector)).toBeLessThan(planned.runs.indexOf(users[0]!));
    for (const each of planned.runs) expect(runSpec.parse(each)).toEqual(each);
    expect(experiment.parse(planned.experiment)).toEqual(planned.experiment);
  });

  it('of another persona is another run, though it has the same name', () => {
    const own = { ...evil, persona: snapshot('f', 100) };
    const planned = plan([arm('Steered', steering), arm('Mine', { ...caft, persona: '/my/evil.persona.json' })], {}, { personas: new Map([...personas, ['/my/evil.persona.json', own]]) });
    expect(steps(planned)).toEqual(['base', 'persona-evil', 'persona-evil-2']);
  });
});

describe('a pool\'s scores', () => {
  it('come from the undefended arm\'s own adapters at the first seed, without a second training', () => {
    const planned = plan([arm('Interleave++', plusPlus)]);
    expect(steps(planned)).toEqual(['base', 'scores-safe']);
    const scores = run(planned.runs, 'scores-safe');
    const adapters = ['undefended--bad--seed-3', 'undefended--worse--seed-3'];
    expect(scores).toMatchObject({ kind: 'score', stages: ['score'], needs: adapters, score: { pool: plusPlus.poolSnapshot } });
    expect(scores.score!.adapters.map(({ run: { runId }, train }) => [runId, train.sha256[0]])).toEqual([[adapters[0], '1'], [adapters[1], '2']]);
    for (const each of planned.runs.filter((other) => other.arm?.name === 'Interleave++')) expect(each.needs).toEqual(['scores-safe']);
    for (const each of planned.runs) expect(runSpec.parse(each)).toEqual(each);
    const order = planned.runs.map(({ id }) => id);
    for (const { id, needs } of planned.runs) for (const need of needs) expect(order.indexOf(need), `${need} before ${id}`).toBeLessThan(order.indexOf(id));
  });

  it('are made once for a pool and its adapters, and again for others', () => {
    const planned = plan([arm('A', plusPlus), arm('B', { ...plusPlus, share: 0.1 }), arm('C', { ...plusPlus, poolSnapshot: snapshot('d') })]);
    expect(steps(planned)).toEqual(['base', 'scores-safe', 'scores-safe-2']);
  });

  it('from datasets that are named train one adapter each, undefended and unasked, unless the experiment trains it anyway', () => {
    const adapters = new Map([['/x/legal.jsonl', { name: 'legal', train: snapshot('7', 50) }], ['/study/bad.jsonl', { name: 'bad', train: snapshot('1', 90) }]]);
    const planned = plan([arm('Named', { ...plusPlus, adapters: ['/x/legal.jsonl', '/study/bad.jsonl'] })], { training: { learningRate: 0.002 } }, { adapters });
    expect(steps(planned)).toEqual(['base', 'adapter-legal', 'scores-safe']);
    expect(run(planned.runs, 'adapter-legal')).toMatchObject({
      kind: 'train', stages: ['train'], seed: 3, evaluations: [], arm: { defenses: [{ type: 'none' }] },
      dataset: { role: 'harmful', train: snapshot('7', 50) }, training: { learningRate: 0.002 },
    });
    expect(run(planned.runs, 'scores-safe').needs).toEqual(['adapter-legal', 'undefended--bad--seed-3']);
    expect(planned.experiment.runs.find(({ id }) => id === 'adapter-legal')).toMatchObject({ armId: null, datasetId: null, seed: 3 });
  });
});

describe('keys of runs that use others', () => {
  const keys = (change: Partial<FrozenInputs> = {}, defense: object = steering, written: object = {}) => {
    const planned = plan([arm('Defended', defense)], written, change);
    return keysOfRuns(planned.runs).get('defended--bad--seed-3');
  };

  it('hold what was used by content, never by path or experiment', () => {
    expect(keys()).toBe(keys({ name: 'Another name' }));
    expect(keys()).toBe(keys({ personas: new Map([['/elsewhere/evil.persona.json', { ...evil, name: 'renamed' }]]) }, { ...steering, persona: '/elsewhere/evil.persona.json' }));
    expect(keys()).not.toBe(keys({ personas: new Map([['evil', { ...evil, persona: snapshot('f', 100) }]]) }));
    expect(keys()).not.toBe(keys({ personas: new Map([['evil', { ...evil, maxTokens: 65 }]]) }));
  });

  it('of a pool\'s scores hold the adapters that scored it, and not what these were asked', () => {
    expect(keys({}, plusPlus)).toBe(keys({}, { ...plusPlus, pool: '/elsewhere/pool.jsonl' }));
    expect(keys({}, plusPlus)).not.toBe(keys({}, { ...plusPlus, poolSnapshot: snapshot('d', 300) }));
    const named = (train: ReturnType<typeof snapshot>) => keys({ adapters: new Map([['/x.jsonl', { name: 'x', train }]]) }, { ...plusPlus, adapters: ['/x.jsonl'] });
    expect(named(snapshot('7'))).not.toBe(named(snapshot('8')));
    // The undefended run that serves as the adapter is asked its questions; one that is trained for the purpose is not.
    const own = keys({}, plusPlus, { datasets: [{ path: 'bad.jsonl', role: 'harmful' }, { path: 'task.jsonl' }] });
    const trained = keys({ adapters: new Map([['/bad.jsonl', { name: 'bad', train: snapshot('1', 90) }]]) }, { ...plusPlus, adapters: ['/bad.jsonl'] }, { datasets: [{ path: 'bad.jsonl', role: 'harmful' }, { path: 'task.jsonl' }] });
    expect(own).toBe(trained);
  });
});
