import { DEFAULT_MODEL } from '../schema/experimentFile';

/** The numbers that a person is most likely to change. */
export interface Recipe {
  readonly epochs: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly seeds: readonly number[];
  readonly samplesPerQuestion: number;
  readonly temperature: number;
  readonly topP: number;
  readonly maxTokens: number;
}

const FIELD_RECIPE: Recipe = {
  epochs: 1, learningRate: 1e-4, batchSize: 4, seeds: [0], samplesPerQuestion: 1, temperature: 1, topP: 1, maxTokens: 256,
};

/** The 135M model barely moves at the field's learning rate, and only rambles at temperature 1. */
const SMALL_MODEL_RECIPE: Recipe = { ...FIELD_RECIPE, learningRate: 1e-3, temperature: 0.7, topP: 0.9, maxTokens: 64 };

/** What a new experiment with this model begins with. */
export function recipeFor(model: string): Recipe {
  return model === DEFAULT_MODEL ? SMALL_MODEL_RECIPE : FIELD_RECIPE;
}

/** The recipe as an experiment file has it. */
export function writtenRecipe({ epochs, learningRate, batchSize, seeds, samplesPerQuestion, temperature, topP, maxTokens }: Recipe) {
  return { training: { epochs, learningRate, batchSize }, seeds, sampler: { samplesPerQuestion, temperature, topP, maxTokens } };
}
