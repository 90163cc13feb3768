import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { generatedJsonSchemas, trainerJsonSchemas } from '../../../src/core/schema/jsonSchemas';
import { evaluationPage } from '../../../scripts/evidence/evaluationPage';

describe('generated files are fresh', () => {
  it.each(Object.keys(generatedJsonSchemas) as (keyof typeof generatedJsonSchemas)[])('schemas/%s.schema.json', async (name) => {
    expect(JSON.parse(await readFile(`schemas/${name}.schema.json`, 'utf8'))).toEqual(generatedJsonSchemas[name]);
  });

  it.each(trainerJsonSchemas)('the trainer\'s %s.schema.json', async (name) => {
    expect(JSON.parse(await readFile(`trainer/plumbline_trainer/schemas/${name}.schema.json`, 'utf8'))).toEqual(generatedJsonSchemas[name]);
  });

  it('docs/evaluation.md', async () => {
    expect(await readFile('docs/evaluation.md', 'utf8')).toBe(await evaluationPage());
  });
});
