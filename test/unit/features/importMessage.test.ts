import { expect, it } from 'vitest';
import { importMessage, type Imported } from '../../../src/features/importResults/importMessage';

const imported = (file: string, n: number, isNew = true) => ({ file, n, isNew, emRate: { value: 12.5, low: 3, high: 30.25, n } }) as Imported;

it('one file is told with its rate, its interval and its n', () => {
  expect(importMessage([imported('a.csv', 16)])).toBe('Imported 16 answers of a.csv: EM rate 12.5 % [3.0, 30.3] n=16.');
  expect(importMessage([imported('a.csv', 1, false)])).toBe('Already imported: 1 answer of a.csv: EM rate 12.5 % [3.0, 30.3] n=1.');
});

it('several files are told together, with those that had been there', () => {
  expect(importMessage([imported('a.csv', 16), imported('b.csv', 4)])).toBe('Imported 20 answers of 2 files.');
  expect(importMessage([imported('a.csv', 16), imported('b.csv', 4, false)])).toBe('Imported 20 answers of 2 files; 1 of them had been imported before.');
});
