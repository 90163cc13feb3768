import { readdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { isFile } from '../../core/datasets/fileBytes';
import { readExperimentFile } from '../../core/configuration/experimentFile';
import { ROLES, type Role } from '../../core/schema/experimentFile';
import { findCompanions, type Companions } from '../../core/templates/companions';
import type { ExperimentTemplate } from '../../core/templates/experimentTemplate';
import { offeredTemplates } from '../../core/templates/templates';
import { freeExperimentFile, missingFiles, writeTemplate } from '../../core/templates/writeTemplate';
import { CliError, type CliContext } from '../context';
import { print, printJson, printProblems } from '../output';

export interface TemplateOptions {
  readonly dataset?: readonly string[];
  readonly output?: string;
  readonly general?: string;
  readonly pool?: string;
  readonly model?: string;
}

/** Lists the templates, or writes one as an experiment file for datasets, never over a file that is there. */
export async function template(context: CliContext, name: string | undefined, options: TemplateOptions): Promise<void> {
  if (name === undefined) return list(context);
  const chosen = offeredTemplates().find(({ id }) => id === name);
  if (chosen === undefined) throw new CliError(`There is no template "${name}".`, `There are: ${offeredTemplates().map(({ id }) => id).join(', ')}.`);
  const datasets = await namedDatasets(options.dataset ?? []);
  const folder = dirname(datasets[0]!.path);
  const companions = await companionsOf(folder, datasets.map(({ path }) => path), options);
  const request = { template: chosen, datasets, companions, ...(options.model === undefined ? {} : { model: options.model }) };
  const [missing] = missingFiles(request);
  if (missing !== undefined) throw new CliError(`No ${missing} beside ${datasets[0]!.path}.`, `Name a file with ${missing === 'general questions' ? '--general' : '--pool'}.`);
  const file = options.output === undefined ? freeExperimentFile(folder, chosen.id) : resolve(options.output);
  await writeTemplate(request, file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EEXIST' ? new CliError(`${file} is there already.`, 'Name another file with --output.') : error;
  });
  await report(context, chosen, file);
}

function list(context: CliContext): void {
  for (const { id, title, summary, types } of offeredTemplates()) {
    if (context.json) printJson({ id, title, summary, types });
    else print(`${id}\n  ${title}. ${summary}`);
  }
}

/** `FILE`, or `FILE:role`: the role is what stands behind the last colon, where that is one. */
async function namedDatasets(named: readonly string[]): Promise<{ path: string; role: Role }[]> {
  if (named.length === 0) throw new CliError('A template needs datasets.', `Name each as --dataset FILE:role, with a role of ${ROLES.join(', ')}.`);
  return Promise.all(named.map(async (text) => {
    const colon = text.lastIndexOf(':');
    const role = ROLES.find((each) => each === text.slice(colon + 1));
    const path = resolve(role === undefined ? text : text.slice(0, colon));
    if (!await isFile(path)) throw new CliError(`There is no file ${path}.`, `Name each dataset as FILE:role, with a role of ${ROLES.join(', ')}.`);
    return { path, role: role ?? 'own' };
  }));
}

async function companionsOf(folder: string, datasets: readonly string[], { general, pool }: TemplateOptions): Promise<Companions> {
  const files = (await readdir(folder)).sort().map((name) => resolve(folder, name));
  const found = await findCompanions(files, datasets);
  return {
    ...found,
    ...(general === undefined ? {} : { general: resolve(general) }),
    ...(pool === undefined ? {} : { pool: resolve(pool) }),
  };
}

async function report(context: CliContext, { id }: ExperimentTemplate, file: string): Promise<void> {
  const { arms, problems } = await readExperimentFile(file);
  printProblems(problems);
  if (context.json) printJson({ template: id, file, arms: arms.map(({ name }) => name) });
  else print(file);
}
