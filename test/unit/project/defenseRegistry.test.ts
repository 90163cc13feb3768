import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { DEFENSE_TYPES, defenseTypeNames } from '../../../src/core/schema/defenses';

const registry = defenseTypeNames.map((type) => ({
  type, hooks: [...DEFENSE_TYPES[type].hooks], parameters: Object.keys(DEFENSE_TYPES[type].parameters),
}));

describe('the defense registry', () => {
  it('is the trainer\'s: same types, hooks and parameters, in the same order', async () => {
    const python = process.env['PLUMBLINE_PYTHON'] ?? 'python3';
    const { stdout } = await promisify(execFile)(python, ['-m', 'plumbline_trainer', 'defenses', '--json'], { cwd: resolve('trainer') });
    expect(stdout.trim().split('\n').map((line) => JSON.parse(line) as unknown)).toEqual(registry);
  });

  it('is documented: one section a type, naming each parameter', async () => {
    const page = await readFile('docs/defenses.md', 'utf8');
    const sections = page.split(/^## /m).slice(1);
    expect(sections.map((section) => section.split('\n')[0])).toEqual(defenseTypeNames);
    registry.forEach(({ parameters }, i) => {
      for (const parameter of parameters) expect(sections[i]).toContain(`\`${parameter}\``);
    });
  });
});
