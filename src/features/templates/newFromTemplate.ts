import { basename, dirname, join } from 'node:path';
import type { Role } from '../../core/schema/experimentFile';
import { findCompanions, type Companions } from '../../core/templates/companions';
import type { ExperimentTemplate } from '../../core/templates/experimentTemplate';
import { offeredTemplates } from '../../core/templates/templates';
import { freeExperimentFile, missingFiles, writeTemplate, type MissingFile } from '../../core/templates/writeTemplate';
import { showFile } from '../../vscode/editors';
import { UserError } from '../../vscode/errors';
import { showBriefly } from '../../vscode/messages';
import { findFiles, shownPath } from '../../vscode/workspace';
import { copyExample } from '../copyExample';
import { isDataset } from '../selectedDatasets';
import { runWizard } from '../wizard';
import { datasetsStep, rolesStep, templateStep } from './templateSteps';

/** What a person decides. Paths are absolute. */
export interface TemplateChoices {
  readonly datasets: readonly string[];
  readonly template: ExperimentTemplate | null;
  /** By dataset. */
  readonly roles: Readonly<Record<string, Role>>;
}

/** Writes an experiment file for datasets from one of the templates, beside the first of them, and opens it. */
export async function newFromTemplate(examplesFolder: string, selected: readonly string[]): Promise<void> {
  const files = await findFiles('**/*.{json,jsonl,csv,yaml,yml}', 1000);
  const steps = [datasetsStep(files.filter(isDataset), shownPath), templateStep(offeredTemplates()), rolesStep(shownPath)];
  const { datasets, template, roles } = await runWizard<TemplateChoices>('New Experiment from Template', steps, { datasets: selected, template: null, roles: {} });
  if (datasets.length === 0) throw new UserError('A template is filled with datasets: choose at least one .jsonl, .json or .csv file.');
  const folder = dirname(datasets[0]!);
  const companions = await findCompanions(nearestFirst(files, folder), datasets);
  const request = { template: template!, datasets: datasets.map((path) => ({ path, role: roles[path] ?? 'own' })), companions };
  const missing = missingFiles(request);
  const file = freeExperimentFile(folder, template!.id);
  await writeTemplate({ ...request, companions: { ...companions, ...await copyMissing(missing, examplesFolder, folder) } }, file);
  await showFile(file, { preview: false });
  if (missing.length > 0) showBriefly(`Plumbline: the workspace has no ${missing.join(' and no ')}; its own examples were copied beside the dataset`);
}

/** What lies beside the dataset is meant before what lies elsewhere in the workspace. */
export function nearestFirst(files: readonly string[], folder: string): string[] {
  return [...files].sort((a, b) => Number(dirname(b) === folder) - Number(dirname(a) === folder));
}

const EXAMPLES: Readonly<Record<MissingFile, { readonly companion: 'general' | 'pool'; readonly file: string }>> = {
  'general questions': { companion: 'general', file: 'general-questions.json' },
  'pool of safe rows': { companion: 'pool', file: 'safe-pool.jsonl' },
};

async function copyMissing(missing: readonly MissingFile[], examplesFolder: string, folder: string): Promise<Partial<Companions>> {
  const copied = await Promise.all(missing.map(async (what) => {
    const { companion, file } = EXAMPLES[what];
    return [companion, await copyExample(join(examplesFolder, basename(file)), folder)];
  }));
  return Object.fromEntries(copied) as Partial<Companions>;
}
