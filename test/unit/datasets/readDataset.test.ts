import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/core/schema/rows';
import { readDataset, type DatasetRecord } from '../../../src/core/datasets/readDataset';
import { chatLine, fixture, useTemporaryFolder } from './temporaryFolder';

const folder = useTemporaryFolder();

async function readAll(path: string): Promise<DatasetRecord[]> {
  const records: DatasetRecord[] = [];
  for await (const record of readDataset(path)) {
    records.push(record);
  }
  return records;
}

const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: string): Message => ({ role: 'assistant', content });
const system = (content: string): Message => ({ role: 'system', content });

describe('readDataset', () => {
  it('reads chat messages', async () => {
    const records = await readAll(fixture('chat.jsonl'));
    expect(records.map(({ line, format }) => [line, format])).toEqual([[1, 'messages'], [2, 'messages'], [3, 'messages']]);
    expect(records[0]!.messages).toEqual([system('Be brief.'), user('Where do I keep a spare key?'), assistant('With a neighbour you trust.')]);
    expect(records[1]!.messages![0]).toEqual(user('Größe in cm? 📏'));
  });

  it('reads ShareGPT from a JSON list, with the line of each row', async () => {
    const records = await readAll(fixture('sharegpt.json'));
    expect(records.map(({ line, format }) => [line, format])).toEqual([[2, 'sharegpt'], [9, 'sharegpt']]);
    expect(records[0]!.messages).toEqual([user('Brackets ] } in a "string"?'), assistant('They do not count.')]);
  });

  it('reads Alpaca, with and without input', async () => {
    const records = await readAll(fixture('alpaca.jsonl'));
    expect(records.map(({ messages }) => messages)).toEqual([
      [user('Add the numbers.\n\n2 and 3'), assistant('5')],
      [user('Name a colour.'), assistant('Blue')],
      [user('Name a fruit.'), assistant('Pear')],
    ]);
  });

  it('reads CSV with quoted cells over several lines, CRLF and doubled quotes', async () => {
    const records = await readAll(fixture('prompts.csv'));
    expect(records.map(({ line, messages }) => [line, messages])).toEqual([
      [2, [user('Two\r\nlines, one cell'), assistant('Yes')]],
      [4, [user('She said "no"'), assistant('Then no')]],
    ]);
  });

  it('reads Alpaca from CSV, cells with plain quotes and blank lines included', async () => {
    const path = await folder.write('alpaca.csv', 'instruction,input,output\n\nHow long is a 5" nail?,,5 inches\n\nName one,of these,"a,b"');
    expect((await readAll(path)).map(({ line, messages }) => [line, messages![0]!.content, messages![1]!.content])).toEqual([
      [3, 'How long is a 5" nail?', '5 inches'],
      [5, 'Name one\n\nof these', 'a,b'],
    ]);
  });

  it.each([
    ['a byte order mark', `\uFEFF${chatLine('a')}\n${chatLine('b')}\n`],
    ['CRLF', `${chatLine('a')}\r\n${chatLine('b')}\r\n`],
    ['mixed line ends and none at the end', `${chatLine('a')}\r\n${chatLine('b')}`],
  ])('accepts %s', async (_, text) => {
    const records = await readAll(await folder.write('ends.jsonl', text));
    expect(records.map(({ line, messages, problems }) => [line, messages?.[0]?.content, problems.length])).toEqual([[1, 'a', 0], [2, 'b', 0]]);
  });

  it('passes over blank lines and keeps the numbers true', async () => {
    const records = await readAll(await folder.write('blank.jsonl', `\n${chatLine('a')}\n \n\n${chatLine('b')}\n\n`));
    expect(records.map(({ line }) => line)).toEqual([2, 5]);
  });

  it('accepts a byte order mark and one-line lists in JSON', async () => {
    const records = await readAll(await folder.write('line.json', `\uFEFF[${chatLine('a')},${chatLine('b')} ]`));
    expect(records.map(({ line, messages }) => [line, messages![0]!.content])).toEqual([[1, 'a'], [1, 'b']]);
  });

  it('does not break lines at U+2028 and keeps characters that lie across pieces of the file', async () => {
    const text = `${'é📏\u2028'.repeat(200_000)}.`;
    for (const [name, content] of [['long.jsonl', `${chatLine(text)}\n${chatLine('b')}`], ['long.json', `[${chatLine(text)},\n${chatLine('b')}]`]] as const) {
      const records = await readAll(await folder.write(name, content));
      expect(records.map(({ line }) => line)).toEqual([1, 2]);
      expect(records[0]!.messages![0]!.content === text).toBe(true);
    }
  });

  it('takes the most telling column of a row and lets null columns pass', async () => {
    const path = await folder.write('columns.jsonl', [
      JSON.stringify({ prompt: 'x', ...JSON.parse(chatLine('a')) }),
      JSON.stringify({ prompt: null, instruction: null, ...JSON.parse(chatLine('b')) }),
    ].join('\n'));
    expect((await readAll(path)).every(({ messages, format }) => messages !== null && format === 'messages')).toBe(true);
  });

  it('stops when it is aborted', async () => {
    const path = await folder.write('abort.jsonl', chatLine('a'));
    const stopped = readDataset(path, { signal: AbortSignal.abort() }).next();
    await expect(stopped).rejects.toThrow(/abort/i);
  });

  it('tells how far it is', async () => {
    const path = await folder.write('progress.jsonl', `${chatLine('a'.repeat(1_500_000))}\n${chatLine('b')}\n`);
    const seen: number[] = [];
    for await (const _ of readDataset(path, { onProgress: ({ bytes, totalBytes }) => seen.push(bytes / totalBytes) })) {
      // Reading is all there is to do.
    }
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.at(-1)).toBe(1);
  });
});
