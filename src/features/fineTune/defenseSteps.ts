import { basename } from 'node:path';
import { DEFENSE_TYPES, defenseTypeNames, type DefenseTypeName } from '../../core/schema/defenses';
import { BACK, inputText, pickMany, pickOne, type Choice, type StepFrame } from '../../vscode/quickInput';
import { parseStrengths, strengthOf, typesWithStrength, type DefenseChoice, type FineTuneChoices } from './choices';
import type { WizardStep } from '../wizard';

/** Types of the registry, then the workspace's defense files; what was chosen last time is ticked. */
export function defenseChoices(files: readonly string[], chosen: readonly DefenseChoice[], shown: (file: string) => string): Choice<DefenseChoice>[] {
  const types = defenseTypeNames.filter((type) => type !== 'none').map((type, index): Choice<DefenseChoice> => ({
    label: DEFENSE_TYPES[type].title,
    description: type,
    detail: DEFENSE_TYPES[type].summary,
    value: { kind: 'type', type },
    picked: chosen.some((one) => one.kind === 'type' && one.type === type),
    ...(index === 0 ? { heading: 'Defenses' } : {}),
  }));
  const stacks = files.map((path, index): Choice<DefenseChoice> => ({
    label: basename(path),
    description: shown(path),
    value: { kind: 'file', path },
    picked: chosen.some((one) => one.kind === 'file' && one.path === path),
    ...(index === 0 ? { heading: 'Defense files of this workspace' } : {}),
  }));
  return [...types, ...stacks];
}

export function defenseStep(files: readonly string[], shown: (file: string) => string): WizardStep<FineTuneChoices> {
  return {
    applies: () => true,
    async ask(state, frame) {
      const picked = await pickMany({
        ...frame,
        placeholder: 'Defenses to try; the undefended arm is always included',
        choices: defenseChoices(files, state.defenses, shown),
      });
      return picked === BACK ? BACK : { ...state, defenses: picked };
    },
  };
}

type StrengthPick = readonly number[] | 'custom';

/** The presets, all of them as a sweep, and a value of one's own. */
export function strengthChoices(type: DefenseTypeName): Choice<StrengthPick>[] {
  const { parameter, presets } = strengthOf(type)!;
  const all = presets.map(({ value }) => value);
  return [
    ...presets.map(({ value, note }): Choice<StrengthPick> => ({ label: `${parameter} ${value}`, description: note, value: [value] })),
    { label: `$(graph-line) Sweep ${all.join(', ')}`, description: `${all.length} arms: how much is enough`, value: all },
    { label: '$(edit) Custom…', description: 'one value, or several separated by commas', value: 'custom' },
  ];
}

export function strengthStep(type: DefenseTypeName): WizardStep<FineTuneChoices> {
  return {
    applies: (state) => typesWithStrength(state.defenses).includes(type),
    async ask(state, frame) {
      const values = await askStrength(type, state, { ...frame, title: `${frame.title}: ${DEFENSE_TYPES[type].title}` });
      return values === BACK ? BACK : { ...state, strengths: { ...state.strengths, [type]: values } };
    },
  };
}

async function askStrength(type: DefenseTypeName, state: FineTuneChoices, frame: StepFrame): Promise<readonly number[] | typeof BACK> {
  const last = state.strengths[type] ?? [];
  for (;;) {
    const picked = await pickOne<StrengthPick>({
      ...frame,
      placeholder: 'How strong? Several values make one arm each.',
      choices: strengthChoices(type),
      active: (value) => value !== 'custom' && value.join() === last.join(),
    });
    if (picked !== 'custom') return picked;
    const text = await inputText({
      ...frame,
      canGoBack: true,
      prompt: `${strengthOf(type)!.parameter}: one value, or several separated by commas (one arm each)`,
      value: last.join(', '),
      validate: (typed) => problemOf(parseStrengths(type, typed)),
    });
    if (text === BACK) continue;
    const parsed = parseStrengths(type, text);
    if ('values' in parsed) return parsed.values;
  }
}

function problemOf(parsed: ReturnType<typeof parseStrengths>): string | undefined {
  return 'problem' in parsed ? parsed.problem : undefined;
}
