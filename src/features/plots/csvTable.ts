import { CRITERIA, type ExperimentResults, type ResultsView } from '../../core/analysis/experimentResults';
import { criteriaTable } from '../../core/analysis/criteriaTable';

/** The table of the plot as CSV: unrounded, one row an arm, with interval and n of each criterion. */
export function csvTable(results: ExperimentResults, datasetId: string | null): string {
  const view: ResultsView = results.datasets.find(({ id }) => id === datasetId) ?? results;
  const header = ['arm', 'kind', ...CRITERIA.flatMap((key) => [key, `${key}_low`, `${key}_high`, `${key}_n`])];
  const rows = criteriaTable(view).rows.map(({ name, kind, cells }) =>
    [name, kind, ...cells.flatMap(({ value, low, high, n }) => [value, low, high, n])]);
  return [header, ...rows].map((row) => `${row.map(csvField).join(',')}\n`).join('');
}

/** A leading quote keeps spreadsheets from taking a name for a formula. */
function csvField(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
