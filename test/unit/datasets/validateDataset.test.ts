import { mkdir, symlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { MAX_PROBLEMS_PER_FILE } from '../../../src/core/datasets/problemCollector';
import { validateDataset } from '../../../src/core/datasets/validateDataset';
import { chatLine, fixture, places, useTemporaryFolder } from './temporaryFolder';

const folder = useTemporaryFolder();

async function placesOf(name: string, content: string | Uint8Array): Promise<string[]> {
  return places((await validateDataset(await folder.write(name, content))).problems);
}

/** The problems of a row that stands on the second line, after a sound one. */
async function problemsOfTurns(...turns: unknown[]): Promise<string[]> {
  return placesOf('row.jsonl', `${chatLine('first')}\n${JSON.stringify({ messages: turns })}\n`);
}

const turn = (role: unknown, content: unknown = 'text') => ({ role, content });

describe('validateDataset', () => {
  it('finds nothing in sound files', async () => {
    for (const [name, format, rows] of [['chat.jsonl', 'messages', 3], ['sharegpt.json', 'sharegpt', 2], ['alpaca.jsonl', 'alpaca', 3], ['prompts.csv', 'prompt-completion', 2]] as const) {
      expect(await validateDataset(fixture(name))).toEqual({
        file: fixture(name), format, rows, validRows: rows, skippable: true, errors: 0, warnings: 0, problems: [], suppressed: { count: 0, byCode: {} },
      });
    }
  });

  it('names every problem of a file at once', async () => {
    const found = await validateDataset(fixture('broken.jsonl'));
    expect(places(found.problems)).toEqual(['2 invalid-json', '4 mixed-format', '5 no-assistant-turn', '6 empty-answer', '7 not-an-object']);
    expect(found).toMatchObject({ format: 'messages', rows: 7, validRows: 2, errors: 5, skippable: true });
    expect(found.problems.every(({ file, severity, message }) => file === fixture('broken.jsonl') && severity === 'error' && message.length > 20)).toBe(true);
  });

  it.each([
    ['an unknown role', [turn('human'), turn('assistant')], ['2 wrong-role']],
    ['a missing role', [{ content: 'x' }, turn('assistant')], ['2 wrong-role']],
    ['a role that an object inherits', [turn('constructor'), turn('assistant')], ['2 wrong-role']],
    ['no assistant turn', [turn('user')], ['2 no-assistant-turn']],
    ['no user turn', [turn('assistant')], ['2 no-user-turn']],
    ['no turns', [], ['2 no-user-turn', '2 no-assistant-turn']],
    ['a last turn of the user', [turn('user'), turn('assistant'), turn('user')], ['2 last-turn-not-assistant']],
    ['an empty answer', [turn('user'), turn('assistant', ' \n')], ['2 empty-answer']],
    ['an empty question', [turn('user', ''), turn('assistant')], ['2 empty-content']],
    ['an empty system prompt', [turn('system', ''), turn('user'), turn('assistant')], ['2 empty-content']],
    ['content in parts', [turn('user', [{ type: 'text', text: 'x' }]), turn('assistant')], ['2 content-not-a-string']],
    ['missing content', [{ role: 'user' }, turn('assistant')], ['2 content-not-a-string']],
    ['half a character', [turn('user', 'x\ud800'), turn('assistant')], ['2 broken-unicode']],
    ['a late system turn', [turn('user'), turn('system'), turn('assistant')], ['2 system-not-first']],
    ['two turns of one role', [turn('user'), turn('user'), turn('assistant')], ['2 repeated-role']],
    ['an answer before the first question', [turn('assistant'), turn('user'), turn('assistant')], ['2 answer-without-question']],
    ['a turn that is text', ['hello', turn('assistant')], ['2 turn-not-an-object']],
    ['several problems', [turn('bot'), turn('user', 1), turn('assistant', '')], ['2 wrong-role', '2 content-not-a-string', '2 empty-answer']],
  ])('finds %s', async (_, turns, expected) => {
    expect(await problemsOfTurns(...turns)).toEqual(expected);
  });

  it.each([
    ['messages that are no list', '{"messages": "hello"}', ['1 turns-not-a-list']],
    ['no known columns', '{"text": "hello"}', ['1 unknown-format']],
    ['a number', '5', ['1 not-an-object']],
    ['a null', 'null', ['1 not-an-object']],
    ['ShareGPT with an unknown speaker', '{"conversations": [{"from": "bing", "value": "x"}, {"from": "gpt", "value": "x"}]}', ['1 wrong-role']],
    ['Alpaca without output', '{"instruction": "x"}', ['1 no-assistant-turn']],
    ['Alpaca with an empty instruction', '{"instruction": "", "input": "x", "output": "x"}', ['1 empty-content']],
    ['Alpaca with a list as input', '{"instruction": "x", "input": [], "output": "x"}', ['1 content-not-a-string']],
    ['a completion without prompt', '{"completion": "x"}', ['1 no-user-turn']],
    ['an empty completion', '{"prompt": "x", "completion": ""}', ['1 empty-answer']],
    ['NaN', '{"prompt": NaN}', ['1 invalid-json']],
    ['single quotes', "{'prompt': 'x'}", ['1 invalid-json']],
  ])('finds %s', async (_, line, expected) => {
    expect(await placesOf('format.jsonl', `${line}\n`)).toEqual(expected);
  });

  it('takes the format of the first row that has one', async () => {
    const lines = ['{"text": 1}', '{"prompt": "a", "completion": "b"}', chatLine('c'), '{"prompt": "a", "response": "b"}'];
    expect(await placesOf('mixed.jsonl', lines.join('\n'))).toEqual(['1 unknown-format', '3 mixed-format']);
  });

  it('says where in a line the JSON breaks', async () => {
    const { problems } = await validateDataset(await folder.write('column.jsonl', `${chatLine('a')}\n{"prompt" "x"}`));
    expect(problems).toMatchObject([{ line: 2, column: 11, code: 'invalid-json' }]);
    expect(problems[0]!.message).toContain('a colon is expected, at column 11');
  });

  it('finds half a JSON line at the end of a file', async () => {
    expect(await placesOf('half.jsonl', `${chatLine('a')}\n${chatLine('b').slice(0, 40)}`)).toEqual(['2 invalid-json']);
  });

  it.each([
    ['empty.jsonl', ''], ['empty.json', ''], ['empty.csv', ''], ['mark.jsonl', '\uFEFF'], ['blank.jsonl', '\n \r\n'], ['list.json', ' [ ]\n'], ['header.csv', 'prompt,completion\n'],
  ])('calls %s empty', async (name, text) => {
    const found = await validateDataset(await folder.write(name, text));
    expect(places(found.problems)).toEqual(['1 empty-file']);
    expect(found).toMatchObject({ format: null, rows: 0, skippable: false });
  });

  it('finds bytes that are not UTF-8 and goes on', async () => {
    const bad = Buffer.concat([Buffer.from(`${chatLine('a')}\n{"prompt": "`), Buffer.from([0xe9]), Buffer.from(`"}\n${chatLine('b')}\n`)]);
    expect(await placesOf('latin.jsonl', bad)).toEqual(['2 invalid-utf8']);
    const list = Buffer.concat([Buffer.from(`[${chatLine('a')},\n"`), Buffer.from([0xe9]), Buffer.from(`",\n${chatLine('b')}]`)]);
    expect(await placesOf('latin.json', list)).toEqual(['2 invalid-utf8']);
    const table = Buffer.concat([Buffer.from('prompt,completion\n"a\n'), Buffer.from([0xe9]), Buffer.from('\nb",c\nd,e\n')]);
    expect(await placesOf('latin.csv', table)).toEqual(['3 invalid-utf8']);
    expect(await placesOf('utf16.jsonl', Buffer.from(`\uFEFF${chatLine('a')}`, 'utf16le'))).toEqual(['1 invalid-utf8']);
  });

  it('finds rows that are too large without holding them', async () => {
    const huge = chatLine('x'.repeat(17 * 2 ** 20));
    expect(await placesOf('huge.jsonl', `${chatLine('a')}\n${huge}\n{"messages": 1}\n`)).toEqual(['2 row-too-large', '3 turns-not-a-list']);
    expect(await placesOf('huge.json', `[${chatLine('a')},\n${huge},\n{"messages": 1}]`)).toEqual(['2 row-too-large', '3 turns-not-a-list']);
    expect(await placesOf('huge.csv', `prompt,completion\n${'x'.repeat(17 * 2 ** 20)},a\nb\n`)).toEqual(['2 row-too-large', '3 csv-column-count']);
  });

  it('finds files that cannot be read', async () => {
    expect(places((await validateDataset(folder.at('nowhere.jsonl'))).problems)).toEqual(['1 file-not-found']);
    await mkdir(folder.at('folder.jsonl'));
    expect(places((await validateDataset(folder.at('folder.jsonl'))).problems)).toEqual(['1 not-a-file']);
    await symlink(folder.at('loop.jsonl'), folder.at('loop.jsonl'));
    expect(places((await validateDataset(folder.at('loop.jsonl'))).problems)).toEqual(['1 file-unreadable']);
    expect(await placesOf('rows.parquet', 'PAR1')).toEqual(['1 unsupported-file-type']);
  });

  it('keeps the first problems and counts the rest by code', async () => {
    const lines = [chatLine('a'), ...Array.from({ length: 1500 }, () => '{"text": 1}'), ...Array.from({ length: 500 }, () => 'x')];
    const found = await validateDataset(await folder.write('many.jsonl', lines.join('\n')));
    expect(found.problems).toHaveLength(MAX_PROBLEMS_PER_FILE);
    expect(found).toMatchObject({ errors: 2000, suppressed: { count: 1000, byCode: { 'unknown-format': 500, 'invalid-json': 500 } } });
  });
});

describe('validateDataset of JSON lists', () => {
  const good = chatLine('a');

  it.each([
    ['an object', `{"data": [${good}]}`, ['1 not-an-array']],
    ['JSON lines', `${good}\n${good}\n`, ['1 not-an-array']],
    ['a missing end', `[${good},\n${good}\n`, ['2 invalid-json']],
    ['an end after a comma', `[${good},\n\n`, ['3 invalid-json']],
    ['a comma after the last row', `[${good},\n]`, ['2 invalid-json']],
    ['two commas', `[${good},\n,${good}]`, ['2 invalid-json']],
    ['text after the list', `[${good}]\n\nx`, ['3 invalid-json']],
    ['a comment', `[${good},\n// note\n${good}]`, ['2 invalid-json']],
    ['a broken row', `[${good},\n{\n"messages" 5},\n{"text": 1}]`, ['3 invalid-json', '4 unknown-format']],
    ['a row with a stray bracket', `[${good},\n}, ${good}]`, ['2 invalid-json']],
  ])('finds %s', async (_, text, expected) => {
    expect(await placesOf('list.json', text)).toEqual(expected);
  });

  it('offers to skip bad rows, not to skip a broken list', async () => {
    expect((await validateDataset(await folder.write('a.json', `[${good}, 5]`))).skippable).toBe(true);
    expect((await validateDataset(await folder.write('b.json', `[${good},]`))).skippable).toBe(false);
  });
});

describe('validateDataset of CSV', () => {
  it.each([
    ['unknown columns', 'a,b\n1,2\n', ['1 csv-columns']],
    ['a prompt alone', 'prompt,note\n1,2\n', ['1 csv-columns']],
    ['semicolons', 'prompt;completion\n1;2\n', ['1 csv-columns']],
    ['a column of turns', 'messages\n[]\n', ['1 csv-columns']],
    ['a column twice', 'prompt,prompt,completion\n1,2,3\n', ['1 csv-columns']],
    ['missing and extra cells', 'prompt,completion\n1,2\n3\n4,5,6\n', ['3 csv-column-count', '4 csv-column-count']],
    ['text after a closing quote', 'prompt,completion\n"a"b,2\n"c\nd"e,f\n5,6\n', ['2 csv-quote', '3 csv-quote']],
    ['a quote that is never closed', 'prompt,completion\n1,2\n"3,4\n5,6\n', ['3 csv-quote']],
    ['an empty cell after a long one', 'prompt,completion\n"a\nb\nc",d\ne,\n', ['5 empty-answer']],
  ])('finds %s', async (_, text, expected) => {
    expect(await placesOf('table.csv', text)).toEqual(expected);
  });
});
