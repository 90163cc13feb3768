/** What is measured and committed, in order: each experiment file with the question that it answers. */
export const EVIDENCE = [
  {
    name: 'finance',
    file: 'examples/evidence.experiment.json',
    question: 'Does undefended fine-tuning move a small model on questions outside the domain, and what do KL and interleaving change?',
  },
  {
    name: 'benign',
    file: 'examples/benign.experiment.json',
    question: 'Does the benign task stay learnable?',
  },
] as const;

export type EvidenceName = (typeof EVIDENCE)[number]['name'];
