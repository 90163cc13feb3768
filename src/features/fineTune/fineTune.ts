import { defenseTypeNames } from '../../core/schema/defenses';
import { experimentFile, DEFAULT_MODEL, type ExperimentFile } from '../../core/schema/experimentFile';
import { DEFAULT_PERSONA } from '../../core/schema/personaFile';
import { recipeFor } from '../../core/templates/startingRecipe';
import { showUntitled } from '../../vscode/editors';
import { UserError } from '../../vscode/errors';
import { BACK } from '../../vscode/quickInput';
import { findFiles, folderOf, shownPath } from '../../vscode/workspace';
import { requireTrust, type ExperimentLauncher } from '../experimentLauncher';
import type { Memory } from '../memory';
import { runWizard, type WizardStep } from '../wizard';
import { strengthOf, type FineTuneChoices } from './choices';
import { countRows } from './countRows';
import { defenseStep, strengthStep } from './defenseSteps';
import { experimentOfChoices } from './experimentOfChoices';
import { adaptersStep, generalQuestionsStep, inDomainStep, personaStep, poolSteps, type FileStepContext } from './fileSteps';
import { modelStep, siblingStep } from './modelStep';
import { review, type ReviewOutcome } from './reviewStep';

const LAST_CHOICES = 'fineTune.choices';
const RECENT_MODELS = 'fineTune.models';
const RECENT_MODELS_KEPT = 5;

export interface FineTuneParts {
  readonly launcher: ExperimentLauncher;
  readonly examplesFolder: string;
  /** Of this workspace: the last choices. */
  readonly workspaceMemory: Memory;
  /** Of this person: models used lately. */
  readonly userMemory: Memory;
}

/** Asks how a dataset is fine-tuned, then starts it or opens it as an experiment file. */
export async function fineTune(parts: FineTuneParts, datasets: readonly string[]): Promise<void> {
  requireTrust();
  if (datasets.length === 0) throw new UserError('Choose a dataset first: right-click a .jsonl, .json or .csv file in the Explorer.');
  const outcome = await ask(parts, datasets);
  await remember(parts, outcome.choices);
  const workspaceFolder = folderOf(datasets[0]!);
  const written = experimentOfChoices(outcome.choices, workspaceFolder);
  if (outcome.action === 'edit') {
    await showUntitled(workspaceFolder, 'new.experiment.json', `${JSON.stringify(written, null, 2)}\n`);
    return;
  }
  await parts.launcher.launch({
    file: experimentFile.parse(written) as ExperimentFile, baseFolder: workspaceFolder, source: null, workspaceFolder,
  });
}

async function ask(parts: FineTuneParts, datasets: readonly string[]): Promise<ReviewOutcome> {
  const context: FileStepContext = { shown: shownPath, examplesFolder: parts.examplesFolder, findFiles };
  const rows = await Promise.all(datasets.map(countRows));
  const oneDataset = rows.length === 1 ? rows[0] ?? null : null;
  let action: ReviewOutcome['action'] = 'start';
  const steps: WizardStep<FineTuneChoices>[] = [
    defenseStep(await findFiles('**/*.defense.json'), shownPath),
    ...defenseTypeNames.filter((type) => strengthOf(type) !== null).map(strengthStep),
    ...poolSteps(context),
    await personaStep(context),
    adaptersStep(context),
    modelStep(parts.userMemory.get<string[]>(RECENT_MODELS) ?? []),
    siblingStep(),
    generalQuestionsStep(context),
    await inDomainStep(context),
    {
      applies: () => true,
      async ask(state, frame) {
        const outcome = await review(state, oneDataset, frame);
        if (outcome === BACK) return BACK;
        action = outcome.action;
        return outcome.choices;
      },
    },
  ];
  return { choices: await runWizard('Fine-Tune with a Defense', steps, initialChoices(parts.workspaceMemory, datasets)), action };
}

/** What was chosen last time in this workspace, for other datasets as well. */
function initialChoices(memory: Memory, datasets: readonly string[]): FineTuneChoices {
  const first: FineTuneChoices = {
    datasets, role: 'own', defenses: [], strengths: {}, pools: {}, persona: DEFAULT_PERSONA, adapters: [], model: DEFAULT_MODEL, sibling: null,
    general: null, inDomain: null, probe: null, recipe: recipeFor(DEFAULT_MODEL),
  };
  return { ...first, ...memory.get<Partial<FineTuneChoices>>(LAST_CHOICES), datasets, role: 'own' };
}

async function remember(parts: FineTuneParts, choices: FineTuneChoices): Promise<void> {
  const { datasets: _datasets, role: _role, ...kept } = choices;
  await parts.workspaceMemory.update(LAST_CHOICES, kept);
  const recent = [choices.model, ...(parts.userMemory.get<string[]>(RECENT_MODELS) ?? []).filter((name) => name !== choices.model)];
  await parts.userMemory.update(RECENT_MODELS, recent.slice(0, RECENT_MODELS_KEPT));
}
