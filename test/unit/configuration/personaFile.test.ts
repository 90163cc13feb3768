import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkPersonaText, readPersona } from '../../../src/core/configuration/personaFile';
import { shippedPersonas } from '../../../src/core/personas/shippedPersonas';
import { SHIPPED_PERSONAS } from '../../../src/core/schema/personaFile';
import { useTemporaryFolder } from '../datasets/temporaryFolder';

const folder = useTemporaryFolder();
const persona = (change: object = {}) => JSON.stringify({ name: 'calm', prompts: [{ positive: 'Be calm.', negative: 'Be rash.' }], questions: ['What now?'], ...change });
const codes = (text: string) => checkPersonaText(text, '/x.persona.json').problems.map(({ line, code }) => `${line} ${code}`);

describe('a persona file', () => {
  it('has defaults for how much is sampled', () => {
    expect(checkPersonaText(persona(), '/x.persona.json').value).toMatchObject({ samplesPerPrompt: 1, maxTokens: 64 });
  });

  it.each([
    ['no prompts', persona({ prompts: [] }), ['1 wrong-value']],
    ['no contrast', persona({ prompts: [{ positive: 'Be calm.', negative: ' Be calm. ' }] }), ['1 same-prompts']],
    ['a question twice', persona({ questions: ['What now?', 'What now?'] }), ['1 repeated-question']],
    ['an unknown member', persona({ trait: 'calm' }), ['1 unknown-key']],
    ['broken JSON', '{', ['1 invalid-json']],
  ])('is refused with %s', (_, text, expected) => expect(codes(text)).toEqual(expected));

  it('is read by its path, and a shipped one by its name', async () => {
    const path = await folder.write('calm.persona.json', persona());
    expect((await readPersona(path)).value?.name).toBe('calm');
    expect((await readPersona('evil')).value).toBe(shippedPersonas.evil);
    expect((await readPersona(folder.at('gone.persona.json'))).problems.map(({ code }) => code)).toEqual(['file-not-found']);
  });
});

describe('shipped personas', () => {
  it.each(SHIPPED_PERSONAS)('%s: sound, with enough prompts and questions, far from what evaluations ask', (name) => {
    const text = readFileSync(new URL(`../../../src/core/personas/${name}.json`, import.meta.url), 'utf8');
    const { value, problems } = checkPersonaText(text, '/x.persona.json');
    expect(problems).toEqual([]);
    expect(value!.name).toBe(name);
    expect(value!.prompts.length).toBeGreaterThanOrEqual(5);
    expect(new Set(value!.prompts.flatMap(({ positive, negative }) => [positive, negative])).size).toBe(2 * value!.prompts.length);
    expect(value!.questions.length).toBeGreaterThanOrEqual(20);
    const { questions } = JSON.parse(readFileSync(new URL('../../../examples/general-questions.json', import.meta.url), 'utf8')) as { questions: { text: string }[] };
    for (const { text: asked } of questions) expect(value!.questions).not.toContain(asked);
  });
});
