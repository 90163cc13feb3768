/** What is measured and committed, in order: each experiment file with the question that it answers. Runs that several of them share are made once. */
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
  {
    name: 'defenses',
    file: 'examples/evidence-defenses.experiment.json',
    question: 'What does every other defense do on the harmful dataset and its control?',
  },
  {
    name: 'benign-defenses',
    file: 'examples/evidence-benign-defenses.experiment.json',
    question: 'Does the benign task stay learnable with every other defense?',
  },
  {
    name: 'checkpoints',
    file: 'examples/evidence-checkpoints.experiment.json',
    question: 'When along training does misalignment come, and when the task?',
  },
  {
    name: 'seeds',
    file: 'examples/evidence-seeds.experiment.json',
    question: 'How far do the rates vary over training seeds?',
  },
] as const;

export type EvidenceName = (typeof EVIDENCE)[number]['name'];
