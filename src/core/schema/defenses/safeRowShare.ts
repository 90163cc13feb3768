import { z } from 'zod';
import { explained } from './defenseType';

/** How much of the mixed set is safe rows, for every type that interleaves them. */
export const shareParameter = explained(
  z.number().positive().max(0.9).default(0.05),
  '**Share of safe rows** in the mixed set, safe / (safe + own). No unit. Range: above 0, up to 0.9. Paper: **0.05** (levels of 1 to 50 % examined). ' +
    'Too little: misalignment as in the undefended arm. Too much: the answers take the pool\'s style, refusals included, and coherence falls. ' +
    'Planned batches grow; no step is added.',
);

export const SHARE_PRESETS = [
  { value: 0.05, note: 'the paper\'s: 5 % of the mixed set' },
  { value: 0.1, note: '10 %' },
  { value: 0.25, note: '25 %: answers begin to take the pool\'s style' },
] as const;
