import { expect, it } from 'vitest';
import { batchesByLength } from '../../../src/core/evaluation/judges/local/batches';

it('puts similar lengths together and every index in exactly one batch', () => {
  const batches = batchesByLength([9, 1, 5, 2, 7], 2);
  expect(batches).toEqual([[1, 3], [2, 4], [0]]);
});

it('keeps the order of equal lengths', () => {
  expect(batchesByLength([3, 3, 3], 2)).toEqual([[0, 1], [2]]);
});

it('makes no batch of nothing', () => {
  expect(batchesByLength([], 4)).toEqual([]);
});
