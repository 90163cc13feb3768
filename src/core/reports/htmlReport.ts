import { createHash } from 'node:crypto';
import type { DatasetResults, ExperimentResults } from '../analysis/experimentResults';
import { overTimeSpec } from '../analysis/overTimeSpec';
import { plotThemes, type PlotThemeName } from '../analysis/plotTheme';
import { tradeoffSpec } from '../analysis/tradeoffSpec';
import { escapeHtml } from './escapeHtml';
import { flaggedExamplesHtml } from './flaggedExamples';
import { HTML_STYLE } from './htmlStyle';
import { renderSvg } from './renderSvg';
import { reportFacts, reportWarnings } from './reportHeader';
import type { ReportOptions } from './reportOptions';
import { fourCriteria, furtherTables, type ReportTable } from './reportTables';
import { sentenceSections } from './sentenceSections';

const PLOT_SIZE = { width: 840, height: 420 };

/** The report as one HTML file: nothing is loaded, nothing runs, light or dark as the reader's system is. */
export async function htmlReport(results: ExperimentResults, options: ReportOptions): Promise<string> {
  const plot = (theme: PlotThemeName) => renderSvg(tradeoffSpec(results, { theme, judge: options.judge, ...PLOT_SIZE }));
  const [light, dark] = [await plot('light'), await plot('dark')];
  const styleHash = createHash('sha256').update(HTML_STYLE).digest('base64');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${styleHash}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(results.experiment.name)} · Plumbline</title>
<style>${HTML_STYLE}</style>
</head>
<body>
<h1>${escapeHtml(results.experiment.name)}</h1>
<dl>${reportFacts(results, options).map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>
${reportWarnings(results, options).map((warning) => `<p class="warning" role="note">${escapeHtml(warning)}</p>`).join('\n')}
<figure><div class="light">${light}</div><div class="dark">${dark}</div></figure>
${htmlTable(fourCriteria(results))}
${(await Promise.all(results.datasets.filter(({ overTime }) => overTime.length > 0).map((dataset) => overTimeFigure(results, dataset)))).join('\n')}
${sentenceSections(results).map(sectionHtml).join('\n')}
${furtherTables(results).map(htmlTable).join('\n')}
${flaggedExamplesHtml(options.flagged ?? [])}
</body>
</html>
`;
}

async function overTimeFigure(results: ExperimentResults, dataset: DatasetResults): Promise<string> {
  const plot = (theme: PlotThemeName) => renderSvg(overTimeSpec(results, dataset, plotThemes[theme], PLOT_SIZE.width));
  return `<figure><div class="light">${await plot('light')}</div><div class="dark">${await plot('dark')}</div></figure>`;
}

function sectionHtml({ title, sentences }: { title: string; sentences: readonly string[] }): string {
  return `<section><h2>${escapeHtml(title)}</h2><ul>${sentences.map((sentence) => `<li>${escapeHtml(sentence)}</li>`).join('')}</ul></section>`;
}

function htmlTable({ title, note, columns, rows }: ReportTable): string {
  const head = columns.map((column) => `<th scope="col">${escapeHtml(column)}</th>`).join('');
  const body = rows.map(([name, ...cells]) =>
    `<tr><th scope="row">${escapeHtml(name ?? '')}</th>${cells.map((cell) => `<td>${cellHtml(cell)}</td>`).join('')}</tr>`).join('');
  return `<section><h2>${escapeHtml(title)}</h2><div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div><p class="note">${escapeHtml(note)}</p></section>`;
}

// The value first; its interval and n are there, and step back.
function cellHtml(cell: string): string {
  const start = cell.indexOf(' [');
  return start === -1 ? escapeHtml(cell) : `${escapeHtml(cell.slice(0, start))} <span class="interval">${escapeHtml(cell.slice(start + 1))}</span>`;
}
