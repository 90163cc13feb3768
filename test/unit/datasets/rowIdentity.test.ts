import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findRowLines } from '../../../src/core/datasets/findRowLines';
import { hashMessages, OccurrenceCounter, rowId } from '../../../src/core/datasets/rowIdentity';
import { chatLine, useTemporaryFolder } from './temporaryFolder';

const folder = useTemporaryFolder();
const messagesOf = (question: string) => (JSON.parse(chatLine(question)) as { messages: { role: 'user'; content: string }[] }).messages;

describe('row identity', () => {
  it('is the SHA-256 of the canonical JSON of the messages', () => {
    const canonical = '[{"content":"ä\\n","role":"user"},{"content":"Yes.","role":"assistant"}]';
    expect(hashMessages(messagesOf('ä\n'))).toBe(createHash('sha256').update(canonical).digest('hex'));
  });

  it('counts equal rows', () => {
    const counter = new OccurrenceCounter();
    expect(['a', 'b', 'a', 'a'].map((hash) => rowId(hash, counter.next(hash)))).toEqual(['a:0', 'b:0', 'a:1', 'a:2']);
  });
});

describe('findRowLines', () => {
  const [a, b, gone] = ['a', 'b', 'gone'].map((text) => hashMessages(messagesOf(text)));

  it('finds the lines where rows stand now, equal rows by their number', async () => {
    const path = await folder.write('lines.jsonl', `${chatLine('a')}\n\nbroken\n${chatLine('b')}\n${chatLine('a')}\n`);
    const found = await findRowLines(path, new Set([`${a}:1`, `${b}:0`, `${a}:0`, `${gone}:0`, `${b}:1`]));
    expect([...found]).toEqual([[`${a}:0`, 1], [`${b}:0`, 4], [`${a}:1`, 5]]);
  });

  it('finds nothing where the file is gone', async () => {
    expect(await findRowLines(folder.at('nowhere.jsonl'), new Set([`${a}:0`]))).toEqual(new Map());
  });
});
