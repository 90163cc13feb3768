import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { DEFAULT_MODEL, type Role } from '../schema/experimentFile';
import { questionsFor, type Companions } from './companions';
import { fillTemplate, type ExperimentTemplate } from './experimentTemplate';

export interface TemplateRequest {
  readonly template: ExperimentTemplate;
  /** Absolute paths. */
  readonly datasets: readonly { readonly path: string; readonly role: Role }[];
  readonly companions: Companions;
  readonly model?: string;
}

/** What a template needs and nobody has found. */
export type MissingFile = 'general questions' | 'pool of safe rows';

export function missingFiles({ template, companions }: TemplateRequest): MissingFile[] {
  return [
    ...(companions.general === null ? ['general questions' as const] : []),
    ...(template.needsPool && companions.pool === null ? ['pool of safe rows' as const] : []),
  ];
}

/** Writes the experiment; rejects where there is a file already. Nothing must be missing. */
export async function writeTemplate(request: TemplateRequest, file: string): Promise<void> {
  const { template, datasets, companions, model = DEFAULT_MODEL } = request;
  const path = (target: string) => relative(dirname(file), target).replaceAll('\\', '/');
  const optional = (target: string | null) => (target === null ? null : path(target));
  const experiment = fillTemplate(template, {
    datasets: datasets.map((dataset) => ({ path: path(dataset.path), role: dataset.role, inDomain: optional(questionsFor(dataset.path, dataset.role, companions.inDomain)) })),
    general: path(companions.general!), probe: optional(companions.probe), pool: optional(companions.pool),
  }, model);
  await writeFile(file, `${JSON.stringify(experiment, null, 2)}\n`, { flag: 'wx' });
}

/** The first of `x.experiment.json`, `x-2.experiment.json`, ... that is not there. */
export function freeExperimentFile(folder: string, name: string): string {
  for (let number = 1; ; number++) {
    const file = join(folder, `${name}${number === 1 ? '' : `-${number}`}.experiment.json`);
    if (!existsSync(file)) return file;
  }
}
