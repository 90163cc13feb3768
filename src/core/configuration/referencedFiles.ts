import { basename, dirname, resolve } from 'node:path';
import type { JSONPath } from 'jsonc-parser';
import { GENERAL_GROUPS, type Question } from '../schema/questions';
import type { ExperimentFile } from '../schema/experimentFile';
import type { ReadOptions, ReadProgress } from '../datasets/fileBytes';
import { JsonDocument } from '../datasets/jsonDocument';
import { readProbePairs } from '../datasets/probePairs';
import { errorFinding, type Problem } from '../datasets/problem';
import { readQuestions, type QuestionSetReading, type QuestionUse } from '../datasets/questions';
import { validateDataset, type DatasetValidation } from '../datasets/validateDataset';
import { poolsOf } from './defensePools';
import { patternRefusal } from '../evaluation/scorers/regex';
import type { ExpandedArm } from './expandArms';
import { filesOnDisk } from './fileAccess';
import { collectFindings, findingsOf, type Findings } from './findings';
import { findUnscorableRows } from './unscorableRows';

export interface ValidateOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ReadProgress & { readonly file: string }) => void;
}

export interface ReferencedFiles {
  readonly datasets: readonly DatasetValidation[];
  readonly findings: readonly Findings[];
}

/** Options for reading one of several files. */
export function optionsFor(file: string, { signal, onProgress }: ValidateOptions): ReadOptions {
  return { signal, onProgress: onProgress && ((progress) => onProgress({ ...progress, file })) };
}

/** Validates datasets, each once, one after the other. Those that are not there are left out: whoever names them says so. */
export async function validateDatasets(paths: Iterable<string>, options: ValidateOptions): Promise<DatasetValidation[]> {
  const validations: DatasetValidation[] = [];
  for (const path of new Set(paths)) {
    if (await filesOnDisk.isFile(path)) {
      validations.push(await validateDataset(path, optionsFor(path, options)));
    }
  }
  return validations;
}

/** The pools of arms, as absolute paths. */
export function poolsOfArms(arms: readonly ExpandedArm[]): string[] {
  return arms.flatMap(({ defenses }) => defenses.flatMap((defense) => poolsOf(defense).map(({ path }) => path)));
}

/** Validates the datasets, pools, question sets and probe of an experiment. */
export async function validateReferencedFiles(
  file: string,
  experiment: ExperimentFile,
  arms: readonly ExpandedArm[],
  options: ValidateOptions,
): Promise<ReferencedFiles> {
  const folder = dirname(file);
  const paths = [...experiment.datasets.map(({ path }) => resolve(folder, path)), ...poolsOfArms(arms)];
  const datasets = await validateDatasets(paths, options);
  const questions = await validateQuestions(file, experiment);
  const { probe } = experiment.evaluation;
  const pairs = probe === undefined ? [] : await validateProbe(resolve(folder, probe), options);
  const unscorable = await findRowsWithoutScore(folder, experiment, options);
  return { datasets, findings: [...datasets, ...unscorable, ...questions, ...pairs] };
}

async function findRowsWithoutScore(folder: string, { datasets }: ExperimentFile, options: ValidateOptions): Promise<Findings[]> {
  const findings: Findings[] = [];
  for (const { path, task } of datasets) {
    const file = resolve(folder, path);
    // A pattern that cannot be used is named in the experiment file.
    if (await filesOnDisk.isFile(file) && !(task.scorer === 'regex' && patternRefusal(task) !== null)) {
      findings.push(collectFindings(await findUnscorableRows(file, task, optionsFor(file, options))));
    }
  }
  return findings;
}

async function validateProbe(path: string, options: ValidateOptions): Promise<Findings[]> {
  return await filesOnDisk.isFile(path) ? [await readProbePairs(path, optionsFor(path, options))] : [];
}

interface NamedSet {
  readonly use: QuestionUse;
  readonly place: JSONPath;
  readonly written: string;
  readonly groups: readonly Question['group'][];
}

async function validateQuestions(file: string, experiment: ExperimentFile): Promise<Findings[]> {
  const document = new JsonDocument(file, await filesOnDisk.readText(file));
  const reported = new Set<string>();
  const findings: Findings[] = [];
  for (const set of namedSets(experiment)) {
    const path = resolve(dirname(file), set.written);
    if (!await filesOnDisk.isFile(path)) {
      continue;
    }
    const reading = await readQuestions(path, set.use);
    if (!reported.has(path)) {
      findings.push(reading);
      reported.add(path);
    }
    if (reading.errors === 0) {
      findings.push(findingsOf([...withoutGroup(document, set, reading.questions), ...otherSamples(document, set, reading, experiment)]));
    }
  }
  return findings;
}

function namedSets({ datasets, evaluation }: ExperimentFile): NamedSet[] {
  const inDomain = datasets.flatMap((dataset, index): NamedSet[] => (dataset.inDomain === undefined
    ? []
    : [{ use: 'in-domain', place: ['datasets', index, 'inDomain'], written: dataset.inDomain, groups: ['in-domain'] }]));
  return [...inDomain, { use: 'general', place: ['evaluation', 'general'], written: evaluation.general, groups: GENERAL_GROUPS }];
}

/** A YAML file says how often to ask; so does the experiment, for all sets alike, and it decides. */
function otherSamples(document: JsonDocument, { place, written }: NamedSet, reading: QuestionSetReading, { evaluation }: ExperimentFile): Problem[] {
  const { samplesPerQuestion: asked } = reading;
  const { samplesPerQuestion: decided } = evaluation;
  return asked === null || asked === decided ? [] : [document.problemAt(place, {
    severity: 'warning', code: 'samples-not-used',
    message: `${basename(written)} asks for ${asked} answers to a paraphrase; \`samplesPerQuestion\` of this experiment counts: ${decided}.`,
  })];
}

function withoutGroup(document: JsonDocument, { place, groups }: NamedSet, questions: readonly Question[]): Problem[] {
  if (questions.some(({ group }) => groups.includes(group))) {
    return [];
  }
  const wanted = groups.map((group) => `"${group}"`).join(' or ');
  return [document.problemAt(place, errorFinding('wrong-group',
    `No question of this set is of the group ${wanted}, which is what is asked here. Name another set, or correct the groups.`))];
}
