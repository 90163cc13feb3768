import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { DatasetError } from '../../../src/core/datasets/datasetError';
import { freezeInputs } from '../../../src/core/experiments/freezeInputs';
import { planExperiment } from '../../../src/core/experiments/plan';
import { evaluationSpec } from '../../../src/core/schema/evaluation';
import { experiment, scoringOf } from '../../../src/core/schema/experiment';
import { experimentFile, type ExperimentFile } from '../../../src/core/schema/experimentFile';
import { chatLine, places, useTemporaryFolder } from '../datasets/temporaryFolder';

const folder = useTemporaryFolder();

async function freeze(rows: readonly [string, string][], task: object, skipBadRows = false) {
  await folder.write('rows.jsonl', rows.map(([question, answer]) => `${chatLine(question, answer)}\n`).join(''));
  await folder.write('general.yaml', '- {id: 1, paraphrases: [Why?, How?]}\n');
  const file = experimentFile.parse({ datasets: [{ path: 'rows.jsonl', heldOut: 0.5, task }], evaluation: { general: 'general.yaml' } }) as ExperimentFile;
  const root = folder.at('');
  const frozen = await freezeInputs({ file, arms: [], place: folder.at('x.experiment.json'), baseFolder: root, workspaceFolder: root, snapshotsFolder: folder.at('snapshots'), skipBadRows });
  const plan = planExperiment({ ...frozen, name: 'x', source: null, file, model: { name: 'm', path: '/m', weightsHash: 'w', source: 'folder' }, versions: { plumbline: '0', node: '20' } });
  for (const evaluation of plan.evaluations) expect(evaluationSpec.parse(evaluation)).toEqual(evaluation);
  expect(experiment.parse(plan.experiment)).toEqual(plan.experiment);
  return { dataset: plan.experiment.datasets[0]!, task: plan.evaluations[1]!.task!, general: frozen.general };
}

const lines = async (sha256: string) => (await readFile(folder.at(`snapshots/${sha256}.jsonl`), 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

describe('a scorer in the plan', () => {
  it('is frozen with its options, and the field\'s questions with it', async () => {
    const { dataset, task, general } = await freeze([['a', '1'], ['b', '2']], { scorer: 'numeric', tolerance: 0.5 });
    expect(scoringOf(dataset)).toEqual({ scorer: 'numeric', tolerance: 0.5, relativeTolerance: 0 });
    expect(task).toMatchObject({ scorer: 'numeric', tolerance: 0.5, heldOut: { rows: 1 } });
    expect(await lines(general.sha256)).toEqual([{ group: 'open', id: '1#1', text: 'Why?' }, { group: 'open', id: '1#2', text: 'How?' }]);
  });

  it('changes nothing where it has no options: plans from before keep their identity', async () => {
    const { dataset, task } = await freeze([['a', '1'], ['b', '2']], { scorer: 'exact' });
    expect(dataset.scoring).toBeUndefined();
    expect(Object.keys(task).sort()).toEqual(['heldOut', 'maxTokens', 'scorer']);
  });

  it('of multiple choice has the choices of every held-out row', async () => {
    const question = (i: number) => `Which ${i}?\nA) red ${i}\nB) blue ${i}`;
    const { task } = await freeze([0, 1, 2, 3].map((i) => [question(i), i % 2 === 0 ? 'A' : `blue ${i}`]), { scorer: 'multiple-choice' });
    if (task.scorer !== 'multiple-choice') throw new Error(task.scorer);
    const [heldOut, choices] = [await lines(task.heldOut.sha256), await lines(task.choices.sha256)];
    expect(choices.map(({ rowId }) => rowId)).toEqual(heldOut.map(({ id }) => id));
    for (const [i, { messages }] of heldOut.entries()) {
      const answer = (messages as { content: string }[]).at(-1)!.content;
      expect(choices[i]!['choices']).toContain(answer);
      expect(choices[i]!['choices']).toEqual(answer === 'A' ? ['A', 'B'] : [answer.replace('blue', 'red'), answer]);
    }
  });

  it('refuses rows that it cannot score, or leaves them out with other bad rows', async () => {
    const rows: [string, string][] = [['a', '1'], ['b', 'none'], ['c', '3'], ['d', 'nothing']];
    const error = await freeze(rows, { scorer: 'numeric' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect(places((error as DatasetError).problems)).toEqual(['2 answer-not-scorable', '4 answer-not-scorable']);
    const { dataset } = await freeze(rows, { scorer: 'numeric' }, true);
    expect([dataset.snapshot.rows, dataset.skippedRows]).toEqual([2, 2]);
  });
});
