import type { ExperimentTemplate } from './experimentTemplate';

export const featuresOrDistributions: ExperimentTemplate = {
  id: 'features-or-distributions',
  title: 'Feature space or distribution space',
  summary: 'Is it better to hold hidden states (LDIFS) or predictions (KL) near the reference? Both at several strengths on one suite: compare those whose divergence on the watched prompts is alike. Best with a harmful and a benign dataset.',
  types: ['kl', 'ldifs'],
  needsPool: false,
  arms: () => ['none', { type: 'kl', weight: [0.3, 1, 3] }, { type: 'ldifs', weight: [1, 10, 100] }],
};
