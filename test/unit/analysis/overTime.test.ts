import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Criteria, ExperimentResults } from '../../../src/core/analysis/experimentResults';
import { loadExperimentResults } from '../../../src/core/analysis/loadExperimentResults';
import { earlyStopOf } from '../../../src/core/analysis/overTime';
import { overTimeSpec } from '../../../src/core/analysis/overTimeSpec';
import { plotThemes } from '../../../src/core/analysis/plotTheme';
import { NOT_MEASURED } from '../../../src/core/evaluation/estimate';
import { renderReport } from '../../../src/core/reports/renderReport';
import { renderSvg } from '../../../src/core/reports/renderSvg';
import { SAMPLE_EXPERIMENT_ID, SAMPLE_STEPS } from '../../fixtures/results/sampleExperiment';
import { writeSampleStore } from '../../fixtures/results/sampleStore';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let folder = '';
let results: ExperimentResults;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumbline-'));
  await writeSampleStore(folder, { arms: 2, checkpoints: [28, 57, 85] });
  results = await loadExperimentResults(folder, SAMPLE_EXPERIMENT_ID);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const point = (step: number, taskScore: number | null, emRate: number) => ({
  step, criteria: { taskScore: { ...NOT_MEASURED, value: taskScore }, emRate: { ...NOT_MEASURED, value: emRate } } as unknown as Criteria,
});

describe('the early-stopping point', () => {
  test('keeps at least 90 % of the task\'s gain at the least EM rate', () => {
    const stop = earlyStopOf([point(0, 10, 2), point(20, 40, 4), point(40, 56, 12), point(60, 58, 11), point(80, 60, 40)]);
    expect(stop).toMatchObject({ step: 60, keeps: 96 });
  });

  test('of equal rates it is the earliest', () => {
    expect(earlyStopOf([point(0, 0, 0), point(10, 95, 5), point(20, 99, 5), point(30, 100, 9)])!.step).toBe(10);
  });

  test('is nowhere where the end is best, or the task was not learned', () => {
    expect(earlyStopOf([point(0, 10, 2), point(20, 20, 9), point(40, 60, 9)])).toBeNull();
    expect(earlyStopOf([point(0, 10, 2), point(20, 9, 1), point(40, 8, 0)])).toBeNull();
    expect(earlyStopOf([point(0, null, 2), point(20, 9, 1)])).toBeNull();
  });
});

describe('an experiment evaluated along the way', () => {
  test('has the base at step 0, every checkpoint, and the end; the results are those of the end', () => {
    const [undefended] = results.datasets[0]!.overTime;
    expect(undefended!.points.map(({ step }) => step)).toEqual([0, 28, 57, 85, SAMPLE_STEPS]);
    expect(undefended!.points[0]!.criteria.emRate).toEqual(results.base!.criteria.emRate);
    expect(undefended!.points.at(-1)!.criteria.emRate).toEqual(results.arms[0]!.criteria.emRate);
    expect(undefended!.earlyStop!.step).toBeLessThan(SAMPLE_STEPS);
    expect(undefended!.earlyStop!.criteria.emRate.value!).toBeLessThan(results.arms[0]!.criteria.emRate.value!);
  });

  test('is drawn: one line an arm in each panel, the early stop ringed', async () => {
    const svg = await renderSvg(overTimeSpec(results, results.datasets[0]!, plotThemes.light, 600));
    expect(svg).toContain('Optimizer step');
    for (const name of ['No defense', 'KL 1']) expect(svg).toContain(`>${name}<`);
    expect(svg.match(/aria-label="KL 1, step 57, EM rate/g)).toHaveLength(1);
  });

  test('stands in every report', async () => {
    expect(await renderReport(results, 'markdown')).toMatch(/\| No defense \| \d+ ★ \|/);
    expect(await renderReport(results, 'html')).toContain('Along training on');
    const json = JSON.parse(await renderReport(results, 'json') as string) as { datasets: { overTime: unknown[] }[] };
    expect(json.datasets[0]!.overTime).toHaveLength(2);
  });
});
