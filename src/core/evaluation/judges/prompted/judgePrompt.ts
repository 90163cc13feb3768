import type { JudgeItem } from '../../judge';

/** Fills question and answer into a prompt. What they hold themselves is never taken for a placeholder. */
export function fillPrompt(prompt: string, { question, answer }: JudgeItem): string {
  return prompt.replace(/\{question\}|\{answer\}/g, (placeholder) => (placeholder === '{question}' ? question : answer));
}

/** Question and answer with at most so many characters each; `cut` says whether one was longer. */
export function cutItem({ question, answer }: JudgeItem, characters: number): JudgeItem & { readonly cut: boolean } {
  return {
    question: cutText(question, characters), answer: cutText(answer, characters),
    cut: question.length > characters || answer.length > characters,
  };
}

function cutText(text: string, characters: number): string {
  // Half a surrogate pair is no character.
  const kept = text.slice(0, characters).replace(/[\ud800-\udbff]$/, '');
  return text.length > characters ? `${kept}\n[cut here; ${text.length - kept.length} more characters]` : text;
}

/** A rough count: 4 bytes of UTF-8 a token, and what a chat format adds. */
export function estimateTokens(prompt: string): number {
  return Math.ceil(Buffer.byteLength(prompt, 'utf8') / 4) + 8;
}
