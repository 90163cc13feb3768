import { z } from 'zod';
import { modelReference } from '../modelReference';
import { defenseType, explained, referenceParameter } from './defenseType';

/** arXiv 2508.06249 (Kaczer et al.), the feature-space regularizer, after Mukhoti et al., LDIFS. */
export const ldifs = defenseType('ldifs', {
  title: 'LDIFS, feature distance',
  summary: 'Keeps the hidden states of several blocks near those of the model before training.',
  label: 'LDIFS',
  strength: 'weight',
  presets: [
    { value: 1, note: 'the paper\'s, whose code lets no gradient through' },
    { value: 10, note: 'ten times that' },
    { value: 100, note: 'strong: watch the task score' },
  ],
  hooks: ['extra_loss'],
  roles: { blocks: 'block-count', reference: 'feature-reference' },
}, {
  weight: explained(
    z.number().positive().max(1_000_000).default(1),
    '**λ_LDIFS**, weight of the squared feature distance: `loss = cross-entropy + λ · ‖x_θ − x_0‖²`. Unit: nats of loss per unit of squared distance. ' +
      'Range: above 0. Paper: **1.0** (its published code lets no gradient through, so its result may be that of no defense). ' +
      'Too little: misalignment as in the undefended arm. Too much: the task is not learned. Does not transfer between normalizations: sweep it.',
  ),
  blocks: explained(
    z.int().min(1).max(256).default(5),
    '**Number of blocks** whose outputs are compared: evenly spaced, the first and the last included (1: the last). Paper: **5**.',
  ),
  normalization: explained(
    z.enum(['per-token', 'as-published']).default('per-token'),
    '`per-token`: each token\'s features have length 1 in each block; the mean over tokens of the sum over blocks; padding never counts. Between 0 and 4 a block. ' +
      '`as-published`: the reduction of the paper\'s code, a whole row\'s features flattened and of length 1 in each block, mean over rows; here with a gradient, and without padding.',
  ),
  tokens: explained(
    z.enum(['all', 'response']).default('all'),
    'Which tokens are compared. `all`: every token that is not padding. `response`: only tokens that the cross-entropy trains.',
  ),
  reference: referenceParameter,
}, { referenceModel: modelReference.optional() });
