import { z } from 'zod';
import { snapshot } from '../rows';
import { defenseType, explained } from './defenseType';
import { SHARE_PRESETS, shareParameter } from './safeRowShare';

/** arXiv 2508.06249 (Kaczer et al.), interleaving. */
export const interleave = defenseType('interleave', {
  title: 'Interleave safe rows',
  summary: 'Mixes safe, helpful rows into every stretch of training.',
  label: 'Interleave',
  strength: 'share',
  presets: SHARE_PRESETS,
  hooks: ['select_rows'],
  roles: { pool: 'pool' },
  brings: 'safe',
}, {
  share: shareParameter,
  pool: explained(
    z.string().min(1),
    'Path of the **pool of safe rows** (a dataset file), relative to this file. Paper: unharmful rows of WildGuardMix. The realized share, and the share of refusals in it, are recorded with the run.',
  ),
}, { poolSnapshot: snapshot });
