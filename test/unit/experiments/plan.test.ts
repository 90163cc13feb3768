import { describe, expect, it } from 'vitest';
import { experimentFile, type ExperimentFile } from '../../../src/core/schema/experimentFile';
import { evaluationSpec } from '../../../src/core/schema/evaluation';
import { experiment } from '../../../src/core/schema/experiment';
import { runSpec } from '../../../src/core/schema/run';
import { judgeFile } from '../../../src/core/schema/judgeFile';
import { runKey } from '../../../src/core/experiments/runKey';
import { planExperiment, type FrozenInputs } from '../../../src/core/experiments/plan';

const snapshot = (digit: string, rows = 10) => ({ sha256: digit.repeat(64), rows });

function inputs(change: Partial<FrozenInputs> = {}, written: object = {}): FrozenInputs {
  const file = experimentFile.parse({
    datasets: [{ path: 'a.jsonl', role: 'harmful', trainingForm: 'In short: {question}' }], seeds: [0, 1],
    evaluation: { general: 'questions.json', samplesPerQuestion: 2 }, ...written,
  }) as ExperimentFile;
  return {
    name: 'Test', source: null, file, model: { name: 'tiny', path: '/m', weightsHash: 'w', source: 'folder' },
    datasets: file.datasets.map((entry, i) => ({
      entry, path: entry.path, format: 'messages', whole: snapshot('1'), train: snapshot('2', 9), heldOut: snapshot(String(3 + i), 1), skippedRows: 0, inDomain: snapshot('8'), choices: null,
    })),
    arms: [{ name: 'Undefended', defenses: [{ type: 'none' }] }, { name: 'KL 0.1', defenses: [{ type: 'kl', weight: 0.1, direction: 'trained||reference', tokens: 'all' }] }],
    general: snapshot('9', 4), probe: snapshot('a', 4), judge: null, versions: { plumbline: '0', node: '20' }, ...change,
  };
}

describe('a plan', () => {
  it('fits every schema, with nothing left open', () => {
    const plan = planExperiment(inputs());
    expect(experiment.parse(plan.experiment)).toEqual(plan.experiment);
    for (const run of plan.runs) expect(runSpec.parse(run)).toEqual(run);
    for (const evaluation of plan.evaluations) expect(evaluationSpec.parse(evaluation)).toEqual(evaluation);
  });

  it('evaluates the base once, then trains every arm before any seed comes twice', () => {
    const plan = planExperiment(inputs());
    expect(plan.runs.map((run) => [run.kind, run.arm?.id ?? null, run.seed])).toEqual([
      ['evaluate', null, 0], ['train', 'undefended', 0], ['train', 'kl-0.1', 0], ['train', 'undefended', 1], ['train', 'kl-0.1', 1],
    ]);
    expect(plan.experiment.runs.map((run) => run.id)).toEqual(plan.runs.map((run) => run.id));
  });

  it('asks the base all that any arm is asked, and shares the general part between datasets', () => {
    const plan = planExperiment(inputs({}, { datasets: [{ path: 'a.jsonl', role: 'harmful' }, { path: 'b.jsonl', role: 'benign', task: { scorer: 'exact' } }] }));
    const [base, ...trained] = plan.runs;
    const asked = new Set(base?.evaluations.map(({ id }) => id));
    expect(asked.size).toBe(3);
    for (const run of trained) expect(run.evaluations.every(({ id }) => asked.has(id))).toBe(true);
    expect(new Set(trained.map((run) => run.id)).size).toBe(trained.length);
  });

  it('gives the same evaluation ids for the same questions and sampler, and others for another sampler', () => {
    const ids = (written: object) => planExperiment(inputs({}, written)).evaluations.map(({ id }) => id);
    expect(ids({ name: 'one' })).toEqual(ids({ name: 'two' }));
    expect(ids({})).not.toEqual(ids({ evaluation: { general: 'questions.json', samplesPerQuestion: 3 } }));
  });

  it('keeps the keys that recorded evidence is found by', () => {
    expect(planExperiment(inputs()).runs.map((run) => runKey(run, () => ''))).toEqual(['c79065107e000360', 'c743a278cd9eb982', '0325a93727d3574e', '9f265824b45aaddb', 'd6025ffa0cc93bae']);
  });

  it('freezes a judge that is not the shipped one, and files its results under its name', () => {
    const judge = judgeFile.parse({ name: 'GPT-4o, 2024', type: 'openai', model: 'gpt-4o-2024-08-06' });
    const { experiment: planned, runs } = planExperiment(inputs({ judge }));
    expect(planned).toMatchObject({ judge: 'gpt-4o-2024', judgeFile: judge });
    expect(runs.every((run) => run.judge === 'gpt-4o-2024')).toBe(true);
    expect(experiment.parse(planned)).toEqual(planned);
    expect(planExperiment(inputs()).experiment).not.toHaveProperty('judgeFile');
  });

  it('scores no held-out rows where there are none', () => {
    const frozen = inputs();
    const plan = planExperiment({ ...frozen, datasets: frozen.datasets.map((d) => ({ ...d, heldOut: snapshot('0', 0) })) });
    expect(plan.evaluations[1]?.task).toBeNull();
  });
});
