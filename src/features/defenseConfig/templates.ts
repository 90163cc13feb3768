import { DEFAULT_MODEL } from '../../core/schema/experimentFile';

/** What a new defense file begins with. */
export function newDefense(): object {
  return { name: 'KL 1', defenses: [{ type: 'kl', weight: 1 }] };
}

/** What a new experiment file begins with. */
export function newExperiment(dataset: string, general: string): object {
  return {
    datasets: [{ path: dataset, heldOut: 0.1 }],
    model: DEFAULT_MODEL,
    training: { epochs: 1, learningRate: 0.001 },
    arms: ['none', { type: 'kl', weight: [0.1, 1] }],
    seeds: [0],
    evaluation: { general, samplesPerQuestion: 1, temperature: 0.7, topP: 0.9, maxTokens: 64 },
  };
}
