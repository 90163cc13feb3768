import { z } from 'zod';
import { snapshot } from '../rows';
import { defenseType, explained } from './defenseType';

/** arXiv 2508.06249 (Kaczer et al.), interleaving. */
export const interleave = defenseType('interleave', {
  title: 'Interleave safe rows',
  summary: 'Mixes safe, helpful rows into every stretch of training.',
  label: 'Interleave',
  strength: 'share',
  presets: [
    { value: 0.05, note: 'the paper\'s: 5 % of the mixed set' },
    { value: 0.1, note: '10 %' },
    { value: 0.25, note: '25 %: answers begin to take the pool\'s style' },
  ],
  hooks: ['select_rows'],
  roles: { pool: 'pool' },
  brings: 'safe',
}, {
  share: explained(
    z.number().positive().max(0.9).default(0.05),
    '**Share of safe rows** in the mixed set, safe / (safe + own). No unit. Range: above 0, up to 0.9. Paper: **0.05** (levels of 1 to 50 % examined). ' +
      'Too little: misalignment as in the undefended arm. Too much: the answers take the pool\'s style, refusals included, and coherence falls. ' +
      'Planned batches grow; no step is added.',
  ),
  pool: explained(
    z.string().min(1),
    'Path of the **pool of safe rows** (a dataset file), relative to this file. Paper: unharmful rows of WildGuardMix. The realized share, and the share of refusals in it, are recorded with the run.',
  ),
}, { poolSnapshot: snapshot });
