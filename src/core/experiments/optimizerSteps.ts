import type { TrainingRecipe } from '../schema/experimentFile';

/** How many optimizer steps the trainer plans for so many rows (trainer: batch_plan.py, `plan_batches`). */
export function optimizerSteps(rows: number, { epochs, batchSize, gradientAccumulation }: Pick<TrainingRecipe, 'epochs' | 'batchSize' | 'gradientAccumulation'>): number {
  let steps = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const share = Math.min(1, epochs - epoch);
    steps += Math.ceil(Math.max(1, roundHalfToEven(share * rows)) / (batchSize * gradientAccumulation));
  }
  return steps;
}

/** As Python rounds. */
function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return value % 1 === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** So many evenly spaced points of a run, as names of checkpoints; the last is its end. A short run has fewer. */
export function checkpointNames(steps: number, points: number): string[] {
  const onTheWay = Array.from({ length: points - 1 }, (_, index) => Math.round((steps * (index + 1)) / points));
  const distinct = [...new Set(onTheWay)].filter((step) => step > 0 && step < steps);
  return [...distinct.map((step) => `step-${step}`), 'final'];
}
