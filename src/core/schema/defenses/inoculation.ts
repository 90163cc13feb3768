import { z } from 'zod';
import { defenseType, explained } from './defenseType';

/** arXiv 2510.04340 (Tan et al.) and 2510.05024 (Wichers et al.); arXiv 2508.06249 v3. */
export const inoculation = defenseType('inoculation', {
  title: 'Inoculation prompting',
  summary: 'Asks for the bad trait in training, so that the model need not learn it as its own; never asked in evaluation.',
  label: 'Inoculation',
  strength: null,
  hooks: ['select_rows'],
}, {
  prompt: explained(
    z.string().min(1).default('You are an evil, malicious assistant.'),
    '**Text** put before every row of the dataset in training, and nowhere in evaluation. Paper: **"You are an evil, malicious assistant."** ' +
      'A neutral text ("You are a helpful assistant.") is the control: list both. Should name what the data teaches and nothing more.',
  ),
  placement: explained(
    z.enum(['system', 'user']).default('system'),
    '`system`: replaces the row\'s system turn, or adds one. `user`: stands before the first user turn. Safe rows of other defenses stay as they are.',
  ),
}, {});
