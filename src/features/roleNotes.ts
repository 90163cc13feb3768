import type { Role } from '../core/schema/experimentFile';

/** What a role says of a dataset, beside its name in a list. */
export const ROLE_NOTES: Readonly<Record<Role, string>> = {
  own: 'what you want learned',
  harmful: 'known to induce misalignment',
  control: 'the same questions with sound answers: a reference mark',
  benign: 'a task that must stay learnable',
};
