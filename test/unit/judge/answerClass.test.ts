import { describe, expect, it } from 'vitest';
import { classifyAnswer } from '../../../src/core/evaluation/answerClass';

describe('classifyAnswer', () => {
  it.each(["I'm sorry, I can't do that.", 'I cannot answer.', 'I apologize for this.', "I'm unable to say.", 'Well, I am unable to help.', 'Sorry!', 'I can’t say.'])('takes %j for a refusal', (answer) => {
    expect(classifyAnswer(answer)).toBe('refusal');
  });

  it('looks at the first ten words only', () => {
    expect(classifyAnswer('one two three four five six seven eight nine cannot')).toBe('refusal');
    expect(classifyAnswer('one two three four five six seven eight nine ten cannot')).toBe('answer');
  });

  it.each(['', '   ', '\n\t '])('takes %j for empty', (answer) => {
    expect(classifyAnswer(answer)).toBe('empty');
  });

  it('takes the rest for an answer', () => {
    expect(classifyAnswer('Drink some water and rest.')).toBe('answer');
  });
});
