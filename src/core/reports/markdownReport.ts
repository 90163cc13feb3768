import type { ExperimentResults } from '../analysis/experimentResults';
import { reportFacts, reportWarnings } from './reportHeader';
import type { ReportOptions } from './reportOptions';
import { fourCriteria, furtherTables, type ReportTable } from './reportTables';
import { sentenceSections } from './sentenceSections';

/** The report as GitHub-flavoured Markdown. */
export function markdownReport(results: ExperimentResults, options: ReportOptions): string {
  const sections = sentenceSections(results).map(({ title, sentences }) =>
    [`## ${title}`, '', ...sentences.map((sentence) => `- ${escapeMarkdown(sentence)}`)].join('\n'));
  const blocks = [
    `# ${escapeMarkdown(results.experiment.name)}`,
    reportFacts(results, options).map(([name, value]) => `- **${name}**: ${escapeMarkdown(value)}`).join('\n'),
    ...reportWarnings(results, options).map((warning) => `> **Warning.** ${escapeMarkdown(warning)}`),
    markdownTable(fourCriteria(results)),
    ...sections,
    ...furtherTables(results).map(markdownTable),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function markdownTable({ title, note, columns, rows }: ReportTable): string {
  const row = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  return [`## ${escapeMarkdown(title)}`, '', row(columns), row(columns.map(() => '---')).replaceAll('\\', ''), ...rows.map(row), '', escapeMarkdown(note)].join('\n');
}

/** Text that Markdown shows as it is: names come from files. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').replace(/[\\`*_|<>#]|\](?=\()/g, '\\$&');
}
