import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BACK, pickMany, pickOne, type Choice, type StepFrame } from '../../vscode/quickInput';
import { pickFile } from '../../vscode/dialogs';
import type { QuestionUse } from '../../core/datasets/questions';
import type { ExtraRows } from '../../core/schema/defenses';
import { DEFAULT_PERSONA } from '../../core/schema/personaFile';
import { looksSafe } from '../../core/templates/companions';
import { hasRole, neededPools, type FineTuneChoices } from './choices';
import { questionSetsAmong, type FoundQuestionSet } from './questionSets';
import { copyExample } from '../copyExample';
import type { WizardStep } from '../wizard';

export interface FileStepContext {
  readonly shown: (file: string) => string;
  /** Folder with Plumbline's own examples, inside the extension. */
  readonly examplesFolder: string;
  /** Files that questions may lie in, pools may be, and probe pairs. */
  findFiles(pattern: string): Promise<string[]>;
}

type FilePick = { readonly path: string } | 'browse' | 'copy-example' | 'none';

/** Files that look like pools first. */
export function poolChoices(files: readonly string[], datasets: readonly string[], shown: (file: string) => string): Choice<FilePick>[] {
  return files
    .filter((file) => !datasets.includes(file) && !/probe/i.test(basename(file)))
    .sort((a, b) => Number(looksSafe(b)) - Number(looksSafe(a)) || a.localeCompare(b))
    .map((path) => ({ label: basename(path), description: shown(path), value: { path } }));
}

const POOLS: Readonly<Record<ExtraRows, string>> = {
  'safe': 'Pool of safe, helpful rows to mix in',
  'out-of-domain': 'Ordinary rows far from the dataset: the answers to them are held as they are',
};

/** One step for each kind of rows, asked where a chosen defense brings such rows. */
export function poolSteps(context: FileStepContext): WizardStep<FineTuneChoices>[] {
  return (Object.keys(POOLS) as ExtraRows[]).map((rows) => poolStep(context, rows));
}

function poolStep(context: FileStepContext, rows: ExtraRows): WizardStep<FineTuneChoices> {
  return {
    applies: (state) => neededPools(state.defenses).includes(rows),
    async ask(state, frame) {
      const files = await context.findFiles('**/*.jsonl');
      const pool = await askFile(frame, {
        placeholder: POOLS[rows],
        choices: poolChoices(files, state.datasets, context.shown),
        last: state.pools[rows] ?? null,
        example: join(context.examplesFolder, 'safe-pool.jsonl'),
        folder: dirname(state.datasets[0]!),
        filters: { Datasets: ['jsonl', 'json', 'csv'] },
      });
      return pool === BACK ? BACK : { ...state, pools: { ...state.pools, [rows]: pool } };
    },
  };
}

/** Asked only where the workspace has personas of its own. */
export async function personaStep(context: FileStepContext): Promise<WizardStep<FineTuneChoices>> {
  const files = await context.findFiles('**/*.persona.json');
  return {
    applies: (state) => files.length > 0 && hasRole(state.defenses, 'persona'),
    async ask(state, frame) {
      const persona = await pickOne<string>({
        ...frame,
        placeholder: 'Whose vector is extracted from the model?',
        choices: [
          { label: DEFAULT_PERSONA, description: 'comes with Plumbline', value: DEFAULT_PERSONA },
          ...files.map((path) => ({ label: basename(path), description: context.shown(path), value: path })),
        ],
        active: (value) => value === state.persona,
      });
      return persona === BACK ? BACK : { ...state, persona };
    },
  };
}

/** Harmful datasets to train misaligned adapters on; one at least, and another than the only dataset that is defended: its own adapter is left out. */
export function adaptersStep(context: FileStepContext): WizardStep<FineTuneChoices> {
  return {
    applies: (state) => hasRole(state.defenses, 'adapters'),
    async ask(state, frame) {
      const isOnly = (file: string) => state.datasets.length === 1 && state.datasets[0] === file;
      const files = (await context.findFiles('**/*.jsonl')).filter((file) => !/probe/i.test(basename(file)) && !looksSafe(file) && !isOnly(file));
      for (let placeholder = 'Harmful datasets to train misaligned adapters on, beside the one you defend'; ; placeholder = 'Choose at least one harmful dataset, or go back and leave out the defense that needs one') {
        const adapters = await pickMany<string>({
          ...frame, placeholder,
          choices: files.map((path) => ({ label: basename(path), description: context.shown(path), value: path, picked: state.adapters.includes(path) })),
        });
        if (adapters === BACK) return BACK;
        if (adapters.length > 0) return { ...state, adapters };
      }
    },
  };
}

export function questionChoices(sets: readonly FoundQuestionSet[], use: QuestionUse, shown: (file: string) => string): Choice<FilePick>[] {
  return sets.map(({ path, name, general, inDomain }) => ({
    label: name,
    description: shown(path),
    detail: use === 'general' ? `${general} general questions` : `${inDomain} in-domain questions`,
    value: { path },
  }));
}

export function generalQuestionsStep(context: FileStepContext): WizardStep<FineTuneChoices> {
  return {
    applies: () => true,
    async ask(state, frame) {
      const sets = (await workspaceQuestionSets(context)).filter(({ general }) => general > 0);
      const general = await askFile(frame, {
        placeholder: 'General questions, far from the dataset: they measure the EM rate',
        choices: questionChoices(sets, 'general', context.shown),
        last: state.general,
        example: join(context.examplesFolder, 'general-questions.json'),
        folder: dirname(state.datasets[0]!),
        filters: { 'Question sets': ['json', 'yaml', 'yml'] },
      });
      if (general === BACK) return BACK;
      return { ...state, general, probe: await probeBeside(general) };
    },
  };
}

/** Asked only where the workspace has in-domain questions at all. */
export async function inDomainStep(context: FileStepContext): Promise<WizardStep<FineTuneChoices>> {
  const sets = (await workspaceQuestionSets(context)).filter(({ inDomain }) => inDomain > 0);
  return {
    applies: () => sets.length > 0,
    async ask(state, frame) {
      const picked = await pickOne<FilePick>({
        ...frame,
        placeholder: 'Questions in the dataset\'s domain: they measure narrow misalignment',
        choices: [
          ...questionChoices(sets, 'in-domain', context.shown),
          { label: '$(circle-slash) None', description: 'narrow misalignment is not measured', value: 'none' },
        ],
        active: (value) => typeof value === 'object' && value.path === state.inDomain,
      });
      if (picked === BACK) return BACK;
      return { ...state, inDomain: typeof picked === 'object' ? picked.path : null };
    },
  };
}

interface FileQuestion {
  readonly placeholder: string;
  readonly choices: Choice<FilePick>[];
  readonly last: string | null;
  readonly example: string;
  readonly folder: string;
  readonly filters: Record<string, string[]>;
}

async function askFile(frame: StepFrame, question: FileQuestion): Promise<string | typeof BACK> {
  for (;;) {
    const picked = await pickOne<FilePick>({
      ...frame,
      placeholder: question.placeholder,
      choices: [...question.choices, ...exampleChoice(question), { label: '$(folder-opened) Browse…', value: 'browse' }],
      active: (value) => typeof value === 'object' && value.path === question.last,
    });
    if (picked === BACK) return BACK;
    if (typeof picked === 'object') return picked.path;
    if (picked === 'copy-example') return copyExample(question.example, question.folder);
    const browsed = await pickFile(question.placeholder, question.folder, question.filters);
    if (browsed !== undefined) return browsed;
  }
}

function exampleChoice({ choices, example }: FileQuestion): Choice<FilePick>[] {
  const isThere = choices.some(({ value }) => typeof value === 'object' && basename(value.path) === basename(example));
  if (isThere || !existsSync(example)) return [];
  return [{ label: `$(copy) Copy Plumbline's example here`, description: basename(example), value: 'copy-example' }];
}

async function workspaceQuestionSets(context: FileStepContext): Promise<FoundQuestionSet[]> {
  const [own, field] = await Promise.all([context.findFiles('**/*question*.json'), context.findFiles('**/*.{yaml,yml}')]);
  return questionSetsAmong([...own, ...field]);
}

/** Probe pairs that lie beside the general questions are used: they cost little. */
async function probeBeside(general: string): Promise<string | null> {
  const probe = join(dirname(general), 'probe-pairs.jsonl');
  return existsSync(probe) ? probe : null;
}
