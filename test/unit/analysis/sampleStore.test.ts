import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { ExperimentStore } from '../../../src/core/experiments/store';
import { readGenerations, readJudgments, readScores } from '../../../src/core/evaluation/answerFiles';
import { evaluationSpec, metricsFile } from '../../../src/core/schema/evaluation';
import { writeSampleDataset, writeSampleStore } from '../../fixtures/results/sampleStore';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder = '';
afterEach(() => rm(folder, { recursive: true, force: true }));

test('the sample store holds what the schemas say', async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'plumbline-'));
  await writeSampleStore(folder, { roles: ['harmful', 'control', 'benign'] });
  await writeSampleDataset(folder);
  const store = new ExperimentStore(folder);
  const [id] = await store.experimentIds();
  const experiment = await store.readExperiment(id!);
  expect(experiment.runs).toHaveLength(1 + 4 * 3 * 2);
  let answers = 0;
  for (const run of experiment.runs) {
    const spec = await store.readRun(experiment.id, run.id);
    expect((await store.readRunState(experiment.id, run.id))?.state).toBe('done');
    for (const { checkpoint, id: evaluationId } of spec.evaluations) {
      const directory = store.evaluationFolder(experiment.id, run.id, checkpoint, evaluationId);
      const [generations, judgments, scores] = await Promise.all([readGenerations(directory), readJudgments(directory, 'local'), readScores(directory)]);
      expect([...generations.problems, ...judgments.problems, ...scores.problems]).toEqual([]);
      expect(judgments.items).toHaveLength(generations.items.length);
      answers += generations.items.length;
      evaluationSpec.parse(JSON.parse(await readFile(path.join(directory, 'evaluation.json'), 'utf8')));
      metricsFile.parse(JSON.parse(await readFile(path.join(directory, 'metrics.local.json'), 'utf8')));
    }
  }
  expect(answers).toBeGreaterThan(1000);
});
