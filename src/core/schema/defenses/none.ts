import { defenseType } from './defenseType';

export const none = defenseType('none', {
  title: 'No defense',
  summary: 'Plain fine-tuning. Always there to compare with.',
  label: 'Undefended',
  strength: null,
  hooks: [],
}, {}, {});
