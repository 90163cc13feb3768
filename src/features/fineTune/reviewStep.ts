import { basename } from 'node:path';
import { evaluationRecipe, ROLES, trainingRecipe, type Role } from '../../core/schema/experimentFile';
import { BACK, inputText, pickOne, type Choice, type StepFrame } from '../../vscode/quickInput';
import type { Recipe } from '../../core/templates/startingRecipe';
import { ROLE_NOTES } from '../roleNotes';
import type { FineTuneChoices } from './choices';
import { armCount, estimatedSteps, runCount } from './experimentOfChoices';

export type ReviewOutcome = { readonly choices: FineTuneChoices; readonly action: 'start' | 'edit' };

type NumberKey = Exclude<keyof Recipe, 'seeds'>;
type ReviewPick = 'start' | 'edit' | 'role' | 'seeds' | NumberKey;

const NUMBERS: readonly { key: NumberKey; label: string; about: string }[] = [
  { key: 'epochs', label: 'Epochs', about: 'passes over the dataset' },
  { key: 'learningRate', label: 'Learning rate', about: 'moves misalignment more than most defenses do' },
  { key: 'batchSize', label: 'Batch size', about: 'rows to one optimizer step' },
  { key: 'samplesPerQuestion', label: 'Samples a question', about: 'more narrow the intervals' },
  { key: 'temperature', label: 'Temperature', about: 'of the sampler, the same for every arm' },
  { key: 'topP', label: 'Top-p', about: 'of the sampler' },
  { key: 'maxTokens', label: 'Longest answer', about: 'tokens' },
];

export function reviewChoices(choices: FineTuneChoices, rows: number | null): Choice<ReviewPick>[] {
  const { recipe } = choices;
  return [
    { label: '$(play) Start', detail: describePlan(choices, rows), value: 'start' },
    { label: '$(edit) Edit as an experiment file first', description: 'opens an unsaved *.experiment.json with all of this', value: 'edit' },
    { label: `Role: ${choices.role}`, description: ROLE_NOTES[choices.role], value: 'role', heading: 'Recipe: choose a line to change it' },
    { label: `Seeds: ${recipe.seeds.join(', ')}`, description: 'every arm is trained once with each', value: 'seeds' },
    ...NUMBERS.map(({ key, label, about }): Choice<ReviewPick> => ({ label: `${label}: ${recipe[key]}`, description: about, value: key })),
  ];
}

function describePlan(choices: FineTuneChoices, rows: number | null): string {
  const datasets = choices.datasets.map((file) => basename(file)).join(', ');
  const steps = rows === null ? '' : `, about ${estimatedSteps(rows, choices.recipe)} steps each`;
  const arms = armCount(choices);
  return `${datasets}: ${arms} ${arms === 1 ? 'arm' : 'arms'}, ${runCount(choices)} runs with the base model's evaluation${steps}`;
}

/** The last step: what will happen, and every number of the recipe to change. */
export async function review(choices: FineTuneChoices, rows: number | null, frame: StepFrame): Promise<ReviewOutcome | typeof BACK> {
  let current = choices;
  let last: ReviewPick = 'start';
  for (;;) {
    const picked: ReviewPick | typeof BACK = await pickOne<ReviewPick>({
      ...frame,
      placeholder: 'Enter starts. Every arm gets the same rows in the same order.',
      choices: reviewChoices(current, rows),
      active: (value) => value === last,
    });
    if (picked === BACK) return BACK;
    if (picked === 'start' || picked === 'edit') return { choices: current, action: picked };
    last = picked;
    current = await change(current, picked, { ...frame, canGoBack: true });
  }
}

async function change(choices: FineTuneChoices, what: Exclude<ReviewPick, 'start' | 'edit'>, frame: StepFrame): Promise<FineTuneChoices> {
  if (what === 'role') {
    const role = await pickOne<Role>({
      ...frame,
      placeholder: 'What is this dataset to the experiment?',
      choices: ROLES.map((value) => ({ label: value, description: ROLE_NOTES[value], value })),
      active: (value) => value === choices.role,
    });
    return role === BACK ? choices : { ...choices, role };
  }
  const { seeds } = choices.recipe;
  const prompt = what === 'seeds' ? 'Seeds, separated by commas' : NUMBERS.find(({ key }) => key === what)!.label;
  const value = what === 'seeds' ? seeds.join(', ') : String(choices.recipe[what]);
  const text = await inputText({ ...frame, prompt, value, validate: (typed) => problemWith(what, typed) });
  if (text === BACK) return choices;
  return { ...choices, recipe: { ...choices.recipe, [what]: what === 'seeds' ? parseSeeds(text) : Number(text) } };
}

/** What the schemas say about a typed value. */
export function problemWith(what: NumberKey | 'seeds', text: string): string | undefined {
  if (what === 'seeds') {
    const seeds = parseSeeds(text);
    return seeds.length > 0 && seeds.every((seed) => Number.isInteger(seed) && seed >= 0) ? undefined : 'Write whole numbers from 0, separated by commas.';
  }
  const schema = what in trainingRecipe.shape
    ? trainingRecipe.shape[what as keyof typeof trainingRecipe.shape]
    : evaluationRecipe.shape[what as keyof typeof evaluationRecipe.shape];
  const result = schema.safeParse(text === '' ? undefined : Number(text));
  return text !== '' && result.success ? undefined : result.error?.issues[0]?.message ?? 'Write a number.';
}

function parseSeeds(text: string): number[] {
  return [...new Set(text.split(/[,;\s]+/).filter((word) => word !== '').map(Number))];
}
