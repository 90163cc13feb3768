import { z } from 'zod';
import { modelReference } from '../modelReference';
import { snapshot } from '../rows';
import { defenseType, explained, OUT_OF_DOMAIN_ROWS, referenceParameter } from './defenseType';

/** arXiv 2602.07852 (Turner, Soligo et al.), KL on a separate out-of-domain set. */
export const oodKl = defenseType('ood-kl', {
  title: 'KL outside the domain',
  summary: 'Keeps the answers to a separate set of out-of-domain rows; the dataset itself is learned freely.',
  label: 'OOD-KL',
  strength: 'weight',
  presets: [
    { value: 1, note: 'near the published weight' },
    { value: 10, note: 'ten times that' },
  ],
  hooks: ['select_rows', 'extra_loss'],
  roles: { pool: 'pool', reference: 'reference' },
  brings: 'out-of-domain',
}, {
  weight: explained(
    z.number().positive().max(1000).default(1),
    '**λ**, weight of the KL term, mean over the out-of-domain tokens. Unit: nats of loss per nat of divergence a token. Published: 1e5 over tokens × vocabulary, which is about **0.7** a token at a vocabulary of 152,000. ' +
      'Too little: misalignment as in the undefended arm. Too much: everything near the out-of-domain rows stays as it was.',
  ),
  pool: explained(
    z.string().min(1),
    'Path of the **out-of-domain rows** (a dataset file), relative to this file: ordinary requests far from the dataset. They are not learned; only the divergence on them is held down.',
  ),
  rowsPerStep: explained(
    z.int().min(1).max(1024).default(OUT_OF_DOMAIN_ROWS),
    'Out-of-domain rows read beside each optimizer step\'s own rows. Published: **8**.',
  ),
  direction: explained(
    z.enum(['reference||trained', 'trained||reference']).default('reference||trained'),
    'Direction of the divergence. Published: `reference||trained`, KL(π_0 ‖ π_θ).',
  ),
  reference: referenceParameter,
}, { poolSnapshot: snapshot, referenceModel: modelReference.optional() });
