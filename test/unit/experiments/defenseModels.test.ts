import { describe, expect, it } from 'vitest';
import { findDefenseModels } from '../../../src/core/experiments/defenseModels';
import { ModelError, type FoundModel } from '../../../src/core/environment/model';


const base: FoundModel = {
  name: 'owner/tiny-Instruct', path: '/base', weightsHash: 'base', source: 'hub', contextLength: 2048,
  blocks: 4, hiddenSize: 8, vocabulary: 100, tokenizerHash: 't', blockShapes: 's',
};
const other = (change: Partial<FoundModel> = {}): FoundModel => ({ ...base, name: 'owner/other', path: '/other', weightsHash: 'other', ...change });

async function find(defense: object, models: Record<string, FoundModel>, of: FoundModel = base) {
  const asked: string[] = [];
  const [arm] = await findDefenseModels([{ name: 'x', defenses: [defense as never, defense as never] }], of, async (name) => {
    asked.push(name);
    if (models[name] === undefined) throw new ModelError(`The model ${name} was not found.`, 'Check the name.');
    return models[name];
  });
  return { defense: arm!.defenses[0] as Record<string, unknown>, asked };
}

describe('a reference', () => {
  const kl = { type: 'kl', weight: 1, reference: 'owner/other' };

  it('is looked for once, and noted as found', async () => {
    const { defense, asked } = await find(kl, { 'owner/other': other() });
    expect(defense['referenceModel']).toEqual({ name: 'owner/other', path: '/other', weightsHash: 'other', source: 'hub' });
    expect(asked).toEqual(['owner/other']);
  });

  it('that is the base, or none, needs no second copy', async () => {
    expect((await find(kl, { 'owner/other': other({ weightsHash: 'base' }) })).defense).not.toHaveProperty('referenceModel');
    expect((await find({ type: 'kl', weight: 1 }, {})).asked).toEqual([]);
  });

  it('of another tokenizer, or that is not there, is refused', async () => {
    await expect(find(kl, { 'owner/other': other({ tokenizerHash: 'u' }) })).rejects.toThrow(/owner\/other cannot be the reference of owner\/tiny-Instruct: its tokenizer is another one\. .*`reference`/);
    await expect(find(kl, { 'owner/other': other({ vocabulary: 128 }) })).rejects.toThrow(/128 tokens/);
    await expect(find(kl, {})).rejects.toThrow(/not found/);
    await expect(find(kl, { 'owner/other': other({ tokenizerHash: null, vocabulary: null }) })).resolves.toBeDefined();
  });

  it('of features must have as many blocks of the same width; of tokens it need not', async () => {
    const larger = { 'owner/other': other({ blocks: 8, hiddenSize: 16 }) };
    await expect(find({ type: 'ldifs', reference: 'owner/other' }, larger)).rejects.toThrow(/8 blocks of width 16, not 4 of 8/);
    await expect(find(kl, larger)).resolves.toBeDefined();
  });
});

describe('an unaligned sibling', () => {
  it('is found by the model\'s name, or by its own', async () => {
    const { defense, asked } = await find({ type: 'safelora' }, { 'owner/tiny': other({ name: 'owner/tiny' }) });
    expect(asked).toEqual(['owner/tiny']);
    expect(defense['siblingModel']).toMatchObject({ name: 'owner/tiny', weightsHash: 'other' });
    expect((await find({ type: 'safelora', sibling: '/raw' }, { '/raw': other() })).asked).toEqual(['/raw']);
  });

  it('that nobody has is called so, with what to do', async () => {
    await expect(find({ type: 'safelora' }, {})).rejects.toThrow(/^No sibling: .*owner\/tiny, which could not be had.*not found.*`sibling`/);
    await expect(find({ type: 'safelora' }, {}, other({ name: 'owner/tiny' }))).rejects.toThrow(/^No sibling: .*`sibling`/);
  });

  it('of another shape, or that is the model itself, is refused', async () => {
    const sibling = (change: Partial<FoundModel>) => find({ type: 'safelora' }, { 'owner/tiny': other(change) });
    await expect(sibling({ blocks: 5 })).rejects.toThrow(/sibling of .*5 blocks/);
    await expect(sibling({ blockShapes: 'z' })).rejects.toThrow(/other shapes/);
    await expect(sibling({ weightsHash: 'base' })).rejects.toThrow(/very same weights/);
    await expect(sibling({ vocabulary: 128, tokenizerHash: 'u' })).resolves.toBeDefined();
  });
});
