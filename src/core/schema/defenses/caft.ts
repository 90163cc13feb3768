import { z } from 'zod';
import { runPointer } from '../runPointer';
import { defenseType, explained } from './defenseType';
import { personaParameter } from './personaSteering';

/** arXiv 2507.16795 (Casademunt et al.), concept ablation fine-tuning. */
export const caft = defenseType('caft', {
  title: 'CAFT, concept ablation',
  summary: 'Projects a persona\'s directions out of the activations while training, so that nothing is learned along them.',
  label: 'CAFT',
  strength: 'rank',
  presets: [
    { value: 1, note: 'the mean difference alone' },
    { value: 4, note: 'and three principal directions' },
    { value: 16, note: 'all that the extraction keeps' },
  ],
  hooks: ['around_forward'],
  roles: { persona: 'persona', block: 'block' },
}, {
  rank: explained(
    z.int().min(1).max(16).default(1),
    '**Number of directions** Q that are projected out: `h ← h − Q Qᵀ h`. The first is that of the mean difference between persona and contrast, the next are the principal directions of what the pairs differ in besides. At most 16, and fewer where the persona has few questions.',
  ),
  persona: personaParameter,
  block: explained(
    z.union([z.literal('auto'), z.literal('all'), z.int().min(0).max(1000)]).default('auto'),
    '**Block** whose output is projected, counted from 0. `auto`: round(0.7 · (number of blocks − 1)). `all`: every block, each with its own directions.',
  ),
}, { vectorRun: runPointer.meta({ description: 'The extract run of the persona.' }) });
