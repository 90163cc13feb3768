import type { DefenseTypeName, WrittenDefense } from '../schema/defenses';
import type { ExperimentTemplate } from './experimentTemplate';

export const combinations: ExperimentTemplate = {
  id: 'combinations',
  title: 'Combinations and their parts',
  summary: 'Do defenses add up? KL, interleaving, persona steering and inoculation alone, and the pairs that act in different places: a pair is worth its cost where it beats both of its parts.',
  types: ['kl', 'interleave', 'persona-steering', 'inoculation'],
  needsPool: true,
  arms(pool) {
    const part = (type: string, parameters: object = {}) => ({ type: type as DefenseTypeName, ...parameters }) as WrittenDefense;
    const [kl, interleave, steering, inoculation] = [part('kl', { weight: 1 }), part('interleave', { pool }), part('persona-steering'), part('inoculation')];
    return ['none', kl, interleave, steering, inoculation, { defenses: [kl, interleave] }, { defenses: [steering, kl] }, { defenses: [inoculation, interleave] }];
  },
};
