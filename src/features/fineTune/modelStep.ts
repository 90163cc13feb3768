import { DEFAULT_MODEL } from '../../core/schema/experimentFile';
import { pickFolder } from '../../vscode/dialogs';
import { BACK, inputText, pickOne, type Choice, type StepFrame } from '../../vscode/quickInput';
import { recipeFor, type FineTuneChoices } from './choices';
import type { WizardStep } from './wizard';

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
