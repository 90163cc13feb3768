import { z } from 'zod';
import { modelReference } from '../modelReference';
import { defenseType, explained, referenceParameter } from './defenseType';

/** arXiv 2508.06249 (Kaczer et al.), the KL regularizer. */
export const kl = defenseType('kl', {
  title: 'KL to the reference',
  summary: 'Keeps the next-token distribution near the model before training.',
  label: 'KL',
  strength: 'weight',
  hooks: ['extra_loss'],
}, {
  weight: explained(
    z.number().positive().max(1000).default(0.1),
    '**λ_KL**, weight of the KL term: `loss = cross-entropy + λ_KL · KL`. Unit: nats of loss per nat of divergence a token. ' +
      'Range: above 0, up to 1000. Paper: **0.1** (Qwen2.5-7B, learning rate 1e-4). ' +
      'Too little: misalignment as in the undefended arm. Too much: the task is not learned. Small models at high learning rates need 1 to 5: sweep it.',
  ),
  direction: explained(
    z.enum(['trained||reference', 'reference||trained']).default('trained||reference'),
    'Direction of the divergence. `trained||reference` is KL(π_θ ‖ π_0), the one of the paper\'s code: it punishes answers that the reference would not give. ' +
      '`reference||trained` punishes forgetting answers that the reference would give.',
  ),
  tokens: explained(
    z.enum(['all', 'response']).default('all'),
    'Which tokens the mean runs over. `all`: every token that is not padding, prompt and template included (the paper\'s code). `response`: only tokens that the cross-entropy trains.',
  ),
  reference: referenceParameter,
}, { referenceModel: modelReference.optional() });
