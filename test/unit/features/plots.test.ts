import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExperimentResults } from '../../../src/core/analysis/experimentResults';
import { loadExperimentResults } from '../../../src/core/analysis/loadExperimentResults';
import type { ExperimentView } from '../../../src/core/experiments/follow';
import type { Experiment } from '../../../src/core/schema/experiment';
import { csvTable } from '../../../src/features/plots/csvTable';
import type { JudgeInfo } from '../../../src/core/evaluation/judgeInfo';
import { readLocalJudgeInfo } from '../../../src/core/evaluation/judges/local/localJudgeInfo';
import { judgeWarnings } from '../../../src/features/plots/judgeWarnings';
import { parseFromPlotPage, parsePageState } from '../../../src/features/plots/incomingMessage';
import { newNonce, plotHtml } from '../../../src/features/plots/plotHtml';
import { paperSpec, plotSnapshot } from '../../../src/features/plots/plotSnapshot';
import type { Appearance } from '../../../src/shared/plotProtocol';
import { writeSampleStore } from '../../fixtures/results/sampleStore';

const appearance: Appearance = { kind: 'dark', background: '#1f1f1f', foreground: '#ccc', muted: '#999', grid: '#333', font: 'sans-serif', width: 700 };
const noChoices = { datasetId: null, hidden: [] };

let folder: string;
let experiment: Experiment;
let results: ExperimentResults;
let view: ExperimentView;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumbline-plots-'));
  experiment = await writeSampleStore(folder, { seeds: [0], roles: ['harmful', 'benign'] });
  results = await loadExperimentResults(folder, experiment.id);
  view = { experiment, runs: [] };
});
afterAll(() => rm(folder, { recursive: true }));

describe('the page', () => {
  const html = plotHtml({ cspSource: 'https://csp.example', script: 'https://csp.example/plot.js', style: 'https://csp.example/plot.css', scriptNonce: 'aaa', styleNonce: 'bbb' });

  it('has a strict policy', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1];
    expect(policy).toBe("default-src 'none'; script-src 'nonce-aaa'; style-src https://csp.example 'nonce-bbb'; img-src https://csp.example data:; font-src https://csp.example");
    expect(html).not.toMatch(/unsafe-|style="|onload|<style/);
    expect([...html.matchAll(/<script[^>]*>/g)].map(([tag]) => tag)).toEqual(['<script nonce="aaa" src="https://csp.example/plot.js">']);
  });

  it('has another nonce each time', () => {
    expect(newNonce()).not.toBe(newNonce());
    expect(newNonce()).toMatch(/^[\w-]{24}$/);
  });

  it('lets nothing out of an attribute', () => {
    expect(plotHtml({ cspSource: '', script: '"><script>', style: '', scriptNonce: 'a', styleNonce: 'b' })).not.toContain('"><script>');
  });
});

describe('messages of the page', () => {
  it('are taken where they are ours', () => {
    expect(parseFromPlotPage({ type: 'show', appearance, choices: noChoices })).toBeDefined();
    expect(parseFromPlotPage({ type: 'export', format: 'csv' })).toEqual({ type: 'export', format: 'csv' });
  });

  it.each([undefined, 'show', {}, { type: 'show' }, { type: 'run', command: 'rm' }, { type: 'export', format: '../../x' }, { type: 'openGenerations', id: 7 }])('are refused otherwise: %j', (message) => {
    expect(parseFromPlotPage(message)).toBeUndefined();
  });

  it('may come with a lost state', () => {
    expect(parsePageState(undefined)).toBeUndefined();
    expect(parsePageState({ experimentId: 'e', choices: noChoices })).toEqual({ experimentId: 'e', choices: noChoices });
  });
});

describe('a snapshot', () => {
  it('survives the way to the page', () => {
    const snapshot = plotSnapshot({ results, view, appearance, choices: noChoices, warnings: [] });
    expect(structuredClone(snapshot)).toEqual(JSON.parse(JSON.stringify(snapshot)));
    expect(snapshot.rows[0]).toMatchObject({ id: 'base', kind: 'base', hasAnswers: true });
    expect(snapshot.datasets).toHaveLength(2);
  });

  it('falls back to the whole where a dataset is no longer there', () => {
    expect(plotSnapshot({ results, view, appearance, choices: { datasetId: 'gone', hidden: [] }, warnings: [] }).datasetId).toBeNull();
  });

  it('draws nothing where all is hidden', () => {
    const hidden = ['base', ...results.arms.map(({ id }) => id)];
    const snapshot = plotSnapshot({ results, view, appearance, choices: { datasetId: null, hidden }, warnings: [] });
    expect(snapshot.spec).toBeNull();
    expect(snapshot.rows.every((row) => row.hidden)).toBe(true);
  });

  it('is black on white for a paper', () => {
    expect(paperSpec(results, noChoices)).toMatchObject({ background: '#ffffff' });
  });

  it('is a table of unrounded numbers as CSV', () => {
    const [header, base, ...arms] = csvTable(results, null).trimEnd().split('\n');
    expect(header).toBe('arm,kind,emRate,emRate_low,emRate_high,emRate_n,taskScore,taskScore_low,taskScore_high,taskScore_n,narrow,narrow_low,narrow_high,narrow_n,coherence,coherence_low,coherence_high,coherence_n');
    expect(base).toContain(`Base model,base,${results.base!.criteria.emRate.value}`);
    expect(arms).toHaveLength(results.arms.length);
    const named = (name: string) => csvTable({ ...results, base: null, arms: [{ ...results.arms[0]!, name }] }, null).split('\n')[1]!;
    expect(named('=1+1')).toMatch(/^'=1\+1,/);
    expect(named('a,"b"')).toMatch(/^"a,""b""",/);
  });
});

describe('what is said of the judge', () => {
  const measures = [{ name: 'AUC', value: 0.53, low: 0.42, high: 0.65 }];
  const info: JudgeInfo = { id: 'local', version: 'v1', weak: true, agreement: { reference: 'GPT-4o', on: '8 questions', n: 7579, measures } };

  it('is its measured agreement, and a warning where that is weak', () => {
    const [weak, agreement, ...more] = judgeWarnings({ judge: { id: 'local', version: 'v1' } }, info);
    expect(weak).toContain('Weak judge');
    expect(agreement).toBe('Agreement of the judge with GPT-4o on 8 questions, n=7579: AUC 0.53 [0.42, 0.65].');
    expect(more).toEqual([]);
  });

  it('says when another version judged, and nothing of another judge', () => {
    expect(judgeWarnings({ judge: { id: 'local', version: 'v2' } }, info)[2]).toContain('version v2');
    expect(judgeWarnings({ judge: { id: 'imported', version: 'as imported' } }, info)).toEqual([]);
  });

  it('is read from the judge that is shipped', async () => {
    const shipped = await readLocalJudgeInfo('judge/model');
    expect(shipped.agreement?.n).toBeGreaterThan(7000);
  });
});
