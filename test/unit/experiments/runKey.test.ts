import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { runKey } from '../../../src/core/experiments/runKey';
import { experiment, type Experiment } from '../../../src/core/schema/experiment';
import type { RunSpec } from '../../../src/core/schema/run';

/** The spec of a planned run, as far as its key goes. */
function specOf(planned: Experiment, { id, kind, armId, datasetId, seed }: Experiment['runs'][number]): RunSpec {
  const dataset = planned.datasets.find((each) => each.id === datasetId) ?? null;
  const parts = [planned.generalEvaluationId!, ...(dataset === null ? planned.datasets.map((each) => each.evaluationId) : [dataset.evaluationId])];
  return {
    schemaVersion: 1, id, experimentId: planned.id, kind, name: id, needs: [], stages: [], seed: seed ?? 0, model: planned.model!,
    arm: planned.arms.find((each) => each.id === armId) ?? null,
    dataset: dataset && { id: dataset.id, name: dataset.name, role: dataset.role, train: dataset.train },
    training: kind === 'train' ? planned.training : null,
    evaluations: parts.map((part) => ({ checkpoint: kind === 'train' ? 'final' : 'base', id: part })),
    judge: planned.judge, versions: planned.versions,
  };
}

describe('the key of a run', () => {
  it.each(['finance', 'benign'])('is that under which the evidence "%s" was recorded', async (name) => {
    const { experiment: saved, keys } = JSON.parse(await readFile(`docs/evidence/plans/${name}.json`, 'utf8')) as { experiment: unknown; keys: Record<string, string> };
    const planned = experiment.parse(saved);
    expect(planned.runs.length).toBeGreaterThan(2);
    for (const run of planned.runs) expect(runKey(specOf(planned, run), () => ''), run.id).toBe(keys[run.id]);
  });

  it('holds at which step a run is asked, and nothing of that where it is asked at its end', async () => {
    const { experiment: saved } = JSON.parse(await readFile('docs/evidence/plans/benign.json', 'utf8')) as { experiment: unknown };
    const planned = experiment.parse(saved);
    const run = specOf(planned, planned.runs[1]!);
    const at = (checkpoint: string) => runKey({ ...run, evaluations: run.evaluations.map(({ id }) => ({ checkpoint, id })) }, () => '');
    expect(new Set([at('final'), at('step-10'), at('step-20')]).size).toBe(3);
  });
});
