import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadExperimentResults } from '../../src/core/analysis/loadExperimentResults';
import type { ExperimentResults } from '../../src/core/analysis/experimentResults';
import type { ExperimentView, RunView } from '../../src/core/experiments/follow';
import { NO_PROGRESS } from '../../src/core/experiments/runProgress';
import type { RunStateName } from '../../src/core/schema/state';
import { plotHtml } from '../../src/features/plots/plotHtml';
import { plotSnapshot } from '../../src/features/plots/plotSnapshot';
import type { FromPlotPage, PlotSnapshot } from '../../src/shared/plotProtocol';
import type { SampleOptions } from '../fixtures/results/sampleExperiment';
import { writeSampleStore } from '../fixtures/results/sampleStore';
import type { WebviewBrowser, WebviewPage } from './harness/webviewBrowser';
import type { ThemeName } from './harness/themes';

export interface Sample { readonly results: ExperimentResults; readonly view: ExperimentView }

/** Results of the sample store, as the extension would have them. */
export async function loadSample(options: SampleOptions = {}): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), 'plumbline-plot-'));
  try {
    const experiment = await writeSampleStore(folder, options);
    const results = await loadExperimentResults(folder, experiment.id);
    return { results, view: { experiment, runs: experiment.runs.map((run) => runView(run, 'done')) } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function runView(run: RunView['run'], state: RunStateName, changes: Partial<RunView> = {}): RunView {
  return { run, name: run.id, folder: `/store/${run.id}`, state, runState: null, progress: NO_PROGRESS, judged: state === 'done', judges: [], awaitsJudge: false, ...changes };
}

export interface OpenPlotOptions {
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly state?: unknown;
  readonly warnings?: readonly string[];
}

/** Opens the plot page under the policy that the extension gives it, and answers it once as the extension would. */
export async function openPlotPage(browser: WebviewBrowser, sample: Sample | null, options: OpenPlotOptions = {}): Promise<WebviewPage> {
  const page = await browser.open({
    html: ({ cspSource, asset }) => plotHtml({ cspSource, script: asset('plot.js'), style: asset('plot.css'), scriptNonce: 'scriptnonce', styleNonce: 'stylenonce' }),
    theme: options.theme ?? 'dark',
    state: options.state,
    viewport: { width: options.width ?? 860, height: 900 },
  });
  if (sample !== null) await page.send({ type: 'snapshot', snapshot: await answer(page, sample, options.warnings) });
  if (sample !== null) await page.page.locator('.figure svg, .figure .empty').first().waitFor();
  return page;
}

/** The snapshot for what the page asked last. */
export async function answer(page: WebviewPage, { results, view }: Sample, warnings: readonly string[] = []): Promise<PlotSnapshot> {
  await page.waitForPosted('show');
  const { appearance, choices } = page.posted.findLast((message): message is Extract<FromPlotPage, { type: 'show' }> => (message as FromPlotPage).type === 'show')!;
  return plotSnapshot({ results, view, appearance, choices, warnings });
}
