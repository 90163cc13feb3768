import { DEFAULT_MODEL } from '../../core/schema/experimentFile';
import { pickFolder } from '../../vscode/dialogs';
import { BACK, inputText, pickOne, type Choice, type StepFrame } from '../../vscode/quickInput';
import { recipeFor } from '../../core/templates/startingRecipe';
import { siblingName } from '../../core/environment/siblingName';
import { hasRole, type FineTuneChoices } from './choices';
import type { WizardStep } from '../wizard';

type ModelPick = { readonly name: string } | 'folder' | 'name';

export function modelChoices(recent: readonly string[]): Choice<ModelPick>[] {
  const others = recent.filter((name) => name !== DEFAULT_MODEL);
  return [
    { label: DEFAULT_MODEL, description: 'default: small enough for a CPU', value: { name: DEFAULT_MODEL } },
    ...others.map((name, index): Choice<ModelPick> => ({ label: name, value: { name }, ...(index === 0 ? { heading: 'Recent' } : {}) })),
    { label: '$(folder-opened) Model folder…', description: 'config.json, safetensors and tokenizer', value: 'folder', heading: 'Other' },
    { label: '$(search) Model name…', description: 'looked for in the Hugging Face cache, then on the Hub', value: 'name' },
  ];
}

export function modelStep(recent: readonly string[]): WizardStep<FineTuneChoices> {
  return {
    applies: () => true,
    async ask(state, frame) {
      const model = await askModel(state, frame, recent);
      if (model === BACK) return BACK;
      return model === state.model ? state : { ...state, model, recipe: recipeFor(model) };
    },
  };
}

/** Asked where a defense compares with the model before its alignment training, and the model's name does not tell which that is. */
export function siblingStep(): WizardStep<FineTuneChoices> {
  return {
    applies: ({ defenses, model }) => hasRole(defenses, 'sibling') && siblingName(model) === null,
    async ask(state, frame) {
      const sibling = await inputText({
        ...frame,
        prompt: `Unaligned sibling of ${state.model}: the model before its alignment training, a folder or a name on the Hugging Face Hub`,
        value: state.sibling ?? '',
        validate: (text) => (text === '' ? 'Write a name, or go back and leave out the defense that needs one.' : undefined),
      });
      return sibling === BACK ? BACK : { ...state, sibling };
    },
  };
}

async function askModel(state: FineTuneChoices, frame: StepFrame, recent: readonly string[]): Promise<string | typeof BACK> {
  for (;;) {
    const picked = await pickOne<ModelPick>({
      ...frame,
      placeholder: 'Which model is fine-tuned?',
      choices: modelChoices(recent),
      active: (value) => typeof value === 'object' && value.name === state.model,
    });
    if (picked === BACK) return BACK;
    if (typeof picked === 'object') return picked.name;
    const model = picked === 'folder' ? await pickFolder('Model folder', state.datasets[0]!) : await askName(frame, state.model);
    if (model !== undefined && model !== BACK) return model;
  }
}

function askName(frame: StepFrame, last: string): Promise<string | typeof BACK> {
  return inputText({
    ...frame,
    canGoBack: true,
    prompt: 'Name of a causal language model, as on the Hugging Face Hub',
    placeholder: DEFAULT_MODEL,
    value: last,
    validate: (text) => (text === '' ? 'Write a name, such as Qwen/Qwen2.5-0.5B-Instruct.' : undefined),
  });
}
