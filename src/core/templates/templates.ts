import { defenseTypeNames } from '../schema/defenses';
import { combinations } from './combinations';
import type { ExperimentTemplate } from './experimentTemplate';
import { featuresOrDistributions } from './featuresOrDistributions';
import { klStrength } from './klStrength';

const ALL: readonly ExperimentTemplate[] = [klStrength, featuresOrDistributions, combinations];

/** The templates whose defenses are all there. */
export function offeredTemplates(types: readonly string[] = defenseTypeNames): ExperimentTemplate[] {
  return ALL.filter((template) => template.types.every((type) => types.includes(type)));
}
