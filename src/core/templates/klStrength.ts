import type { ExperimentTemplate } from './experimentTemplate';

export const klStrength: ExperimentTemplate = {
  id: 'kl-strength',
  title: 'KL strength',
  summary: 'Which weight of the KL term balances best? Five weights a factor of three apart, from hardly any to more than the task bears: the point nearest the lower right corner of the plot.',
  types: ['kl'],
  needsPool: false,
  arms: () => ['none', { type: 'kl', weight: [0.1, 0.3, 1, 3, 10] }],
};
