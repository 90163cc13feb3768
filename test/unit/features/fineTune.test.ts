import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DEFENSE_TYPES, defenseTypeNames, writtenDefense } from '../../../src/core/schema/defenses';
import { DEFAULT_MODEL, experimentFile } from '../../../src/core/schema/experimentFile';
import { recipeFor } from '../../../src/core/templates/startingRecipe';

const BACK = vi.hoisted(() => Symbol('back'));
const answers = vi.hoisted(() => ({ list: [] as unknown[] }));
vi.mock('../../../src/vscode/quickInput', () => {
  const next = async () => answers.list.shift();
  return { BACK, pickOne: next, pickMany: next, inputText: next };
});
vi.mock('../../../src/vscode/dialogs', () => ({ pickFile: vi.fn(), pickFolder: vi.fn() }));

const { hasRole, neededPools, parseStrengths, strengthOf } = await import('../../../src/features/fineTune/choices');
const { defenseChoices, strengthChoices, strengthStep } = await import('../../../src/features/fineTune/defenseSteps');
const { armCount, estimatedSteps, experimentOfChoices, runCount } = await import('../../../src/features/fineTune/experimentOfChoices');
const { adaptersStep, personaStep, poolChoices, poolSteps } = await import('../../../src/features/fineTune/fileSteps');
const { modelChoices, modelStep, siblingStep } = await import('../../../src/features/fineTune/modelStep');
const { problemWith, review, reviewChoices } = await import('../../../src/features/fineTune/reviewStep');
const { describeQuestionSet } = await import('../../../src/features/fineTune/questionSets');
const { runWizard } = await import('../../../src/features/wizard');

type Choices = import('../../../src/features/fineTune/choices').FineTuneChoices;

const choices: Choices = {
  datasets: ['/ws/data/finance.jsonl'], role: 'own', model: DEFAULT_MODEL, recipe: recipeFor(DEFAULT_MODEL),
  defenses: [{ kind: 'type', type: 'kl' }, { kind: 'type', type: 'interleave' }, { kind: 'file', path: '/ws/both.defense.json' }],
  strengths: { kl: [0.1, 1, 5], interleave: [0.05] }, pools: { safe: '/ws/safe.jsonl' }, persona: 'evil', adapters: [], sibling: null,
  general: '/ws/general-questions.json', inDomain: '/ws/finance-questions.json', probe: null,
};

beforeEach(() => { answers.list = []; });

describe('the choices', () => {
  it('become an experiment that the schema accepts, with paths relative to the folder', () => {
    const written = experimentOfChoices(choices, '/ws');
    const parsed = experimentFile.parse(written);
    expect(parsed.datasets[0]).toMatchObject({ path: 'data/finance.jsonl', role: 'own', heldOut: 0.1, inDomain: 'finance-questions.json' });
    expect(written['arms']).toEqual(['none', { type: 'kl', weight: [0.1, 1, 5] }, { type: 'interleave', share: 0.05, pool: 'safe.jsonl' }, 'both.defense.json']);
    expect(parsed.evaluation).toMatchObject({ general: 'general-questions.json', temperature: 0.7, judge: 'local' });
  });

  it('always include the undefended arm', () => {
    expect(experimentOfChoices({ ...choices, defenses: [] }, '/ws')['arms']).toEqual(['none']);
  });

  it('say how much work they are', () => {
    expect(armCount(choices)).toBe(6);
    expect(runCount({ ...choices, recipe: { ...choices.recipe, seeds: [0, 1] } })).toBe(13);
    expect(estimatedSteps(500, choices.recipe)).toBe(113);
  });

  it('ask for a pool only where one is mixed in', () => {
    const needed = (...types: (typeof defenseTypeNames)[number][]) => neededPools(types.map((type) => ({ kind: 'type', type })));
    expect(neededPools(choices.defenses)).toEqual(['safe']);
    expect(needed('kl')).toEqual([]);
    expect(needed('ood-kl', 'interleave', 'interleave-plus-plus')).toEqual(['out-of-domain', 'safe']);
  });

  it('name to each defense what it asks for, and nothing to the others', () => {
    const all: Choices = {
      ...choices, defenses: defenseTypeNames.filter((type) => type !== 'none').map((type) => ({ kind: 'type', type })), strengths: {}, model: 'owner/raw',
      pools: { 'safe': '/ws/safe.jsonl', 'out-of-domain': '/ws/far.jsonl' }, persona: '/ws/calm.persona.json', adapters: ['/ws/legal.jsonl', '/ws/code.jsonl'], sibling: 'owner/rawer',
    };
    const arms = (experimentFile.parse(experimentOfChoices(all, '/ws')).arms as { type: string }[]).slice(1);
    const named = new Map(arms.map(({ type, ...rest }) => [type, rest]));
    expect(named.get('kl')).toEqual({});
    expect(named.get('interleave')).toEqual({ pool: 'safe.jsonl' });
    expect(named.get('ood-kl')).toEqual({ pool: 'far.jsonl' });
    expect(named.get('interleave-plus-plus')).toEqual({ pool: 'safe.jsonl', adapters: ['legal.jsonl', 'code.jsonl'] });
    expect(named.get('persona-steering')).toEqual({ persona: 'calm.persona.json' });
    expect(named.get('caft')).toEqual({ persona: 'calm.persona.json' });
    expect(named.get('safelora')).toEqual({ sibling: 'owner/rawer' });
    expect(runCount(all)).toBe(arms.length + 1 + 1 + 1 + 3);
    expect(experimentOfChoices({ ...all, persona: 'evil', model: 'owner/raw-Instruct' }, '/ws')['arms']).toEqual(expect.arrayContaining([{ type: 'caft' }, { type: 'safelora' }]));
  });
});

describe('what is offered', () => {
  it('every defense of the registry but none, and the files of the workspace, with the last ones ticked', () => {
    const offered = defenseChoices(['/ws/kl.defense.json'], [{ kind: 'type', type: 'kl' }], (file) => file);
    expect(offered.map(({ label }) => label)).toEqual([...defenseTypeNames.filter((type) => type !== 'none').map((type) => DEFENSE_TYPES[type].title), 'kl.defense.json']);
    expect(offered.filter(({ picked }) => picked).map(({ description }) => description)).toEqual(['kl']);
  });

  it.each(defenseTypeNames.filter((type) => strengthOf(type) !== null))('strengths that the schema allows: %s', (type) => {
    for (const { value } of strengthChoices(type)) {
      if (value === 'custom') continue;
      const { parameter } = strengthOf(type)!;
      const pool = neededPools([{ kind: 'type', type }]).length > 0 ? { pool: 'p.jsonl' } : {};
      expect(writtenDefense.safeParse({ type, [parameter]: value, ...pool }).success).toBe(true);
    }
  });

  it('a strength for every defense that has a number without which it would be a guess', () => {
    for (const type of defenseTypeNames.filter((name) => 'weight' in DEFENSE_TYPES[name].parameters || 'share' in DEFENSE_TYPES[name].parameters)) {
      expect(strengthOf(type), type).not.toBeNull();
    }
  });

  it('pools that look safe first, never the dataset itself or probe pairs', () => {
    const offered = poolChoices(['/ws/a.jsonl', '/ws/probe-pairs.jsonl', '/ws/safe-pool.jsonl', '/ws/data/finance.jsonl'], choices.datasets, (file) => file);
    expect(offered.map(({ label }) => label)).toEqual(['safe-pool.jsonl', 'a.jsonl']);
  });

  it('the default model first, then those used lately', () => {
    expect(modelChoices(['x/y', DEFAULT_MODEL]).map(({ label }) => label.replace(/^\$\(.*?\) /, ''))).toEqual([DEFAULT_MODEL, 'x/y', 'Model folder…', 'Model name…']);
  });

  it('question sets by what is in them', () => {
    const set = JSON.stringify({ name: 'q', questions: [{ id: '1', group: 'open', text: 'a' }, { id: '2', group: 'in-domain', text: 'b' }] });
    expect(describeQuestionSet('/q.json', `\uFEFF${set}`)).toEqual({ path: '/q.json', name: 'q', general: 1, inDomain: 1 });
    expect(describeQuestionSet('/q.json', '{"questions": []}')).toBeNull();
    expect(describeQuestionSet('/q.json', 'no json')).toBeNull();
    expect(describeQuestionSet('/legal.yaml', '- {id: 1, paraphrases: [a, b]}')).toEqual({ path: '/legal.yaml', name: 'legal.yaml', general: 2, inDomain: 2 });
    expect(describeQuestionSet('/deployment.yaml', 'kind: Deployment')).toBeNull();
  });

  it('what will happen, in the review', () => {
    const [start] = reviewChoices(choices, 500);
    expect(start!.detail).toBe('finance.jsonl: 6 arms, 7 runs with the base model\'s evaluation, about 113 steps each');
  });
});

describe('typed values', () => {
  it('become strengths, or say what is wrong', () => {
    expect(parseStrengths('kl', '0.1, 1; 1')).toEqual({ values: [0.1, 1] });
    expect(parseStrengths('kl', '-1')).toHaveProperty('problem');
    expect(parseStrengths('interleave', '2')).toHaveProperty('problem');
    expect(parseStrengths('kl', '')).toHaveProperty('problem');
  });

  it('are checked by the schemas', () => {
    expect(problemWith('learningRate', '1e-3')).toBeUndefined();
    expect(problemWith('learningRate', 'fast')).toBeDefined();
    expect(problemWith('topP', '1.5')).toBeDefined();
    expect(problemWith('batchSize', '2.5')).toBeDefined();
    expect(problemWith('epochs', '')).toBeDefined();
    expect(problemWith('seeds', '0, 1')).toBeUndefined();
    expect(problemWith('seeds', '0, x')).toBeDefined();
  });
});

describe('the steps', () => {
  const frame = { title: 't', step: 1, canGoBack: true };

  it('ask a custom strength, and go back to the presets', async () => {
    answers.list = ['custom', BACK, 'custom', '0.5'];
    expect(await strengthStep('kl').ask(choices, frame)).toMatchObject({ strengths: { kl: [0.5], interleave: [0.05] } });
    answers.list = [BACK];
    expect(await strengthStep('kl').ask(choices, frame)).toBe(BACK);
  });

  const found: Record<string, string[]> = { '**/*.jsonl': ['/ws/data/finance.jsonl', '/ws/legal.jsonl', '/ws/probe-pairs.jsonl', '/ws/safe.jsonl'], '**/*.persona.json': ['/ws/calm.persona.json'] };
  const context = { shown: (file: string) => file, examplesFolder: '/nowhere', findFiles: async (pattern: string) => found[pattern] ?? [] };
  const withTypes = (...types: (typeof defenseTypeNames)[number][]): Choices => ({ ...choices, defenses: types.map((type) => ({ kind: 'type', type })) });

  it('ask for each kind of rows, personas and adapters only where a chosen defense needs them', async () => {
    const [safe, far] = poolSteps(context);
    const persona = await personaStep(context);
    const asked = (...types: (typeof defenseTypeNames)[number][]) => [safe!, far!, persona, adaptersStep(context)].map((step) => step.applies(withTypes(...types)));
    expect(asked('kl')).toEqual([false, false, false, false]);
    expect(asked('interleave')).toEqual([true, false, false, false]);
    expect(asked('ood-kl', 'caft')).toEqual([false, true, true, false]);
    expect(asked('interleave-plus-plus')).toEqual([true, false, false, true]);
    expect(hasRole(choices.defenses, 'persona')).toBe(false);
    const none = await personaStep({ ...context, findFiles: async () => [] });
    expect(none.applies(withTypes('caft'))).toBe(false);
    answers.list = [{ path: '/ws/far.jsonl' }, '/ws/calm.persona.json'];
    expect(await far!.ask(choices, frame)).toMatchObject({ pools: { 'safe': '/ws/safe.jsonl', 'out-of-domain': '/ws/far.jsonl' } });
    expect(await persona.ask(choices, frame)).toMatchObject({ persona: '/ws/calm.persona.json' });
  });

  it('ask for adapters until there is one', async () => {
    answers.list = [[], ['/ws/legal.jsonl']];
    expect(await adaptersStep(context).ask(withTypes('interleave-plus-plus'), frame)).toMatchObject({ adapters: ['/ws/legal.jsonl'] });
    expect(answers.list).toEqual([]);
    answers.list = [BACK];
    expect(await adaptersStep(context).ask(withTypes('interleave-plus-plus'), frame)).toBe(BACK);
  });

  it('ask for a sibling only where the model\'s name does not tell it', async () => {
    expect(siblingStep().applies(withTypes('safelora'))).toBe(false);
    const raw = { ...withTypes('safelora'), model: 'owner/raw' };
    expect(siblingStep().applies(raw)).toBe(true);
    expect(siblingStep().applies({ ...raw, defenses: [] })).toBe(false);
    answers.list = ['owner/rawer'];
    expect(await siblingStep().ask(raw, frame)).toMatchObject({ sibling: 'owner/rawer' });
  });

  it('take another recipe for another model only', async () => {
    answers.list = [{ name: 'x/y' }];
    expect(await modelStep([]).ask(choices, frame)).toMatchObject({ model: 'x/y', recipe: { learningRate: 1e-4, temperature: 1 } });
    const tuned = { ...choices, recipe: { ...choices.recipe, epochs: 3 } };
    answers.list = [{ name: DEFAULT_MODEL }];
    expect(await modelStep([]).ask(tuned, frame)).toBe(tuned);
  });

  it('change the recipe in the review until it starts', async () => {
    answers.list = ['epochs', '2', 'seeds', '0, 1', 'role', 'harmful', 'start'];
    const outcome = await review(choices, null, frame);
    expect(outcome).toMatchObject({ action: 'start', choices: { role: 'harmful', recipe: { epochs: 2, seeds: [0, 1] } } });
  });
});

describe('the wizard', () => {
  const step = (name: string, log: string[], replies: (string | symbol)[], applies = () => true) => ({
    applies,
    async ask(state: string, { step: number, totalSteps, canGoBack }: { step: number; totalSteps?: number; canGoBack: boolean }) {
      log.push(`${name} ${number}/${totalSteps}${canGoBack ? ' back' : ''}`);
      const reply = replies.shift()!;
      return typeof reply === 'symbol' ? BACK as never : state + reply;
    },
  });

  it('goes back over steps that do not apply', async () => {
    const log: string[] = [];
    const steps = [step('a', log, ['1', '2']), step('b', log, [], () => false), step('c', log, [BACK, '3'])];
    expect(await runWizard('t', steps, '')).toBe('123');
    expect(log).toEqual(['a 1/2', 'c 2/2 back', 'a 1/2', 'c 2/2 back']);
  });
});
