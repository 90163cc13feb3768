import { describe, expect, it } from 'vitest';
import { normalizeRow } from '../../../src/core/datasets/normalizeRow';

const system = { role: 'system', content: 'Be brief.' };
const turns = [{ role: 'user', content: 'q' }, { role: 'assistant', content: 'a' }];

describe('a system prompt in a column of its own', () => {
  it.each([
    ['alpaca', { system: 'Be brief.', instruction: 'q', output: 'a' }],
    ['prompt-completion', { system: 'Be brief.', prompt: 'q', completion: 'a' }],
    ['sharegpt', { system: 'Be brief.', conversations: [{ from: 'human', value: 'q' }, { from: 'gpt', value: 'a' }] }],
  ] as const)('of a row of format %s comes first', (format, row) => {
    expect(normalizeRow(row, format)).toEqual({ messages: [system, ...turns], findings: [] });
  });

  it('is none where it is empty, and an error where it is no text', () => {
    expect(normalizeRow({ system: '', prompt: 'q', completion: 'a' }, 'prompt-completion').messages).toEqual(turns);
    expect(normalizeRow({ system: 3, prompt: 'q', completion: 'a' }, 'prompt-completion').findings[0]?.code).toBe('content-not-a-string');
  });

  it('may not stand beside a system turn', () => {
    const row = { system: 'x', conversations: [{ from: 'system', value: 'y' }, { from: 'human', value: 'q' }, { from: 'gpt', value: 'a' }] };
    expect(normalizeRow(row, 'sharegpt').messages).toBeNull();
  });
});

it('ShareGPT rows may name the speakers user and assistant', () => {
  expect(normalizeRow({ conversations: [{ from: 'user', value: 'q' }, { from: 'assistant', value: 'a' }] }, 'sharegpt').messages).toEqual(turns);
});
