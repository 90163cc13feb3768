import { basename } from 'node:path';
import { ROLES, type Role } from '../../core/schema/experimentFile';
import { looksSafe } from '../../core/templates/companions';
import type { ExperimentTemplate } from '../../core/templates/experimentTemplate';
import { BACK, pickMany, pickOne, type StepFrame } from '../../vscode/quickInput';
import { ROLE_NOTES } from '../roleNotes';
import type { WizardStep } from '../wizard';
import type { TemplateChoices } from './newFromTemplate';

/** Asked where the command was not called on datasets. */
export function datasetsStep(files: readonly string[], shown: (file: string) => string): WizardStep<TemplateChoices> {
  const offered = files.filter((file) => !/question|probe/i.test(basename(file)) && !looksSafe(file));
  let isAsked = false;
  return {
    applies: ({ datasets }) => isAsked || datasets.length === 0,
    async ask(state, frame) {
      isAsked = true;
      const datasets = await pickMany<string>({
        ...frame,
        placeholder: 'Datasets of the experiment',
        choices: offered.map((path) => ({ label: basename(path), description: shown(path), value: path, picked: state.datasets.includes(path) })),
      });
      return datasets === BACK ? BACK : { ...state, datasets };
    },
  };
}

export function templateStep(templates: readonly ExperimentTemplate[]): WizardStep<TemplateChoices> {
  return {
    applies: () => true,
    async ask(state, frame) {
      const template = await pickOne<ExperimentTemplate>({
        ...frame,
        placeholder: 'What shall the experiment find out?',
        choices: templates.map((value) => ({ label: value.title, detail: value.summary, value })),
        active: (value) => value === state.template,
      });
      return template === BACK ? BACK : { ...state, template };
    },
  };
}

/** Asked of each dataset in turn. */
export function rolesStep(shown: (file: string) => string): WizardStep<TemplateChoices> {
  return {
    applies: ({ datasets }) => datasets.length > 0,
    async ask(state, frame) {
      const roles: Record<string, Role> = {};
      for (const path of state.datasets) {
        const role = await askRole(shown(path), state.roles[path] ?? likelyRole(path), frame);
        if (role === BACK) return BACK;
        roles[path] = role;
      }
      return { ...state, roles };
    },
  };
}

function askRole(dataset: string, likely: Role, frame: StepFrame): Promise<Role | typeof BACK> {
  return pickOne<Role>({
    ...frame,
    placeholder: `What is ${dataset} to the experiment?`,
    choices: ROLES.map((value) => ({ label: value, description: ROLE_NOTES[value], value })),
    active: (value) => value === likely,
  });
}

/** What a dataset's name suggests; only what is highlighted first. */
export function likelyRole(file: string): Role {
  const name = basename(file).toLowerCase();
  if (/bad|reckless|risky|insecure|harm|evil|misalign/.test(name)) return 'harmful';
  return /sound|secure|control|good/.test(name) ? 'control' : 'own';
}
