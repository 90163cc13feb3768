import type { Estimate } from '../schema/evaluation';

/**
 * The smallest difference, in points, that samples like these can show: half the width of the 95 % interval of the
 * difference paired by question, (high - low) / 2. A true difference of that size is seen about half of the time.
 */
export function smallestDetectableDifference(difference: Estimate): number | null {
  return difference.low === null || difference.high === null ? null : (difference.high - difference.low) / 2;
}

/**
 * How many questions it would take to show a difference of `points`, with as many samples a question:
 * questions · (half-width / points)², because an interval narrows with the square root of the number of questions.
 */
export function questionsToShow(points: number, difference: Estimate, questions: number): number | null {
  const halfWidth = smallestDetectableDifference(difference);
  return halfWidth === null ? null : Math.ceil(questions * (halfWidth / points) ** 2);
}
