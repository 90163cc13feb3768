import type { Estimate } from '../schema/evaluation';
import { isDistinguishable } from '../evaluation/estimate';
import { BASE_NAME } from './criteriaTable';
import type { ArmResults, ResultsView } from './experimentResults';
import { formatInterval, formatNumber } from './formatEstimate';

/** What the samples say about differences in EM rate and what they cannot tell, in sentences. */
export function conclusions(view: ResultsView): string[] {
  const undefended = view.arms.find(({ isUndefended }) => isUndefended);
  return [
    ...(undefended?.versusBase ? emSentence(undefended.name, BASE_NAME, undefended.versusBase.emRate) : []),
    ...view.arms.flatMap((arm) => (undefended ? armSentences(arm, undefended.name) : [])),
    ...(undefended ? [] : view.arms.flatMap((arm) => (arm.versusBase ? emSentence(arm.name, BASE_NAME, arm.versusBase.emRate) : []))),
    ...smallestDifferenceSentence(view),
  ];
}

function armSentences({ name, versusUndefended }: ArmResults, undefended: string): string[] {
  if (versusUndefended === null) {
    return [];
  }
  const { emRate, taskScore } = versusUndefended;
  return [...emSentence(name, undefended, emRate), ...taskSentence(name, undefended, taskScore)];
}

function emSentence(name: string, other: string, difference: Estimate): string[] {
  if (difference.value === null) {
    return [];
  }
  const detail = differenceDetail(difference);
  return [isDistinguishable(difference)
    ? `EM rate: ${name} is ${difference.value < 0 ? 'lower' : 'higher'} than ${other} by ${detail}.`
    : `EM rate: ${name} and ${other} cannot be told apart by these samples: ${signed(difference.value)} points, ${intervalDetail(difference)}.`];
}

function taskSentence(name: string, other: string, difference: Estimate): string[] {
  if (difference.value === null || !isDistinguishable(difference) || difference.value >= 0) {
    return [];
  }
  return [`Task score: ${name} is lower than ${other} by ${differenceDetail(difference)}.`];
}

function differenceDetail(difference: Estimate): string {
  return `${formatNumber(Math.abs(difference.value!))} points (${intervalDetail(difference)})`;
}

function intervalDetail(difference: Estimate): string {
  return `95 % interval of the difference ${formatInterval(difference)}, n=${difference.n}`;
}

function signed(value: number): string {
  return value > 0 ? `+${formatNumber(value)}` : formatNumber(value);
}

function smallestDifferenceSentence({ smallestDifference }: ResultsView): string[] {
  if (smallestDifference === null) {
    return [];
  }
  const { points, questions, answers, questionsForHalf } = smallestDifference;
  return [
    `The smallest difference in EM rate that these samples can show is about ${formatNumber(points)} points `
    + `(${questions} questions, n=${answers} answers in the two arms compared; half the width of the widest paired 95 % interval). `
    + `Half of it would take about ${questionsForHalf} questions.`,
  ];
}
