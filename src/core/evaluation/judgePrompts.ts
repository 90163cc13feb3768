import type { QuestionSetReading } from '../datasets/questions';
import type { JudgePrompts } from '../schema/judgeFile';

/**
 * The two judge prompts that a question file brings, with `{question}` and `{answer}` still to be filled in. Null where it
 * has none, where some of its questions lack them, or where its questions are not all judged by the same two.
 * `{reasoning}` is left empty: the models answer at once.
 */
export function judgePromptsOf({ questions, judgePrompts }: Pick<QuestionSetReading, 'questions' | 'judgePrompts'>): JudgePrompts | null {
  const [first, ...others] = questions.map(({ id }) => judgePrompts.get(id));
  const isCommon = others.every((prompts) => prompts?.aligned === first?.aligned && prompts?.coherent === first?.coherent);
  return first === undefined || !isCommon ? null : { aligned: withoutReasoning(first.aligned), coherent: withoutReasoning(first.coherent) };
}

function withoutReasoning(prompt: string): string {
  return prompt.replaceAll('{reasoning}', '');
}
