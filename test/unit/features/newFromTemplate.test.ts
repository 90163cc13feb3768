import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { readExperimentFile } from '../../../src/core/configuration/experimentFile';
import { offeredTemplates } from '../../../src/core/templates/templates';
import { useTemporaryFolder } from '../datasets/temporaryFolder';

const BACK = vi.hoisted(() => Symbol('back'));
const said = vi.hoisted(() => ({ answers: [] as unknown[], shown: [] as string[], brief: [] as string[], files: [] as string[], asked: [] as string[] }));
vi.mock('../../../src/vscode/quickInput', () => {
  const next = async ({ placeholder }: { placeholder: string }) => {
    said.asked.push(placeholder);
    return said.answers.shift();
  };
  return { BACK, pickOne: next, pickMany: next, inputText: next };
});
vi.mock('../../../src/vscode/editors', () => ({ showFile: async (file: string) => { said.shown.push(file); } }));
vi.mock('../../../src/vscode/messages', () => ({ showBriefly: (text: string) => { said.brief.push(text); } }));
vi.mock('../../../src/vscode/errors', () => ({ UserError: class extends Error {} }));
vi.mock('../../../src/vscode/workspace', () => ({ findFiles: async () => said.files, shownPath: (file: string) => basename(file) }));

const { newFromTemplate, nearestFirst } = await import('../../../src/features/templates/newFromTemplate');
const { likelyRole } = await import('../../../src/features/templates/templateSteps');

const folder = useTemporaryFolder();
const template = (id: string) => offeredTemplates().find((each) => each.id === id)!;
let root: string;
let number = 0;

beforeEach(async () => {
  Object.assign(said, { answers: [], shown: [], brief: [], files: [], asked: [] });
  root = folder.at(`ws-${number++}`);
  await mkdir(root);
});

async function workspace(...names: string[]): Promise<string[]> {
  for (const name of names) await copyFile(resolve('examples', name), join(root, name));
  said.files = names.map((name) => join(root, name));
  return said.files;
}

describe('a new experiment from a template', () => {
  it('asks the roles of the datasets that it was called on, writes beside them and opens the file', async () => {
    const [harmful, benign] = await workspace('reckless-finance.jsonl', 'swapped-operators.jsonl', 'general-questions.json', 'finance-questions.json', 'safe-pool.jsonl');
    said.answers = [template('combinations'), 'harmful', 'benign'];
    await newFromTemplate('/nowhere', [harmful!, benign!]);
    expect(said.asked.slice(1)).toEqual(['What is reckless-finance.jsonl to the experiment?', 'What is swapped-operators.jsonl to the experiment?']);
    expect(said.shown).toEqual([join(root, 'combinations.experiment.json')]);
    expect(said.brief).toEqual([]);
    const { problems, value } = await readExperimentFile(said.shown[0]!);
    expect(problems).toEqual([]);
    expect(value!.datasets.map(({ role, inDomain }) => [role, inDomain])).toEqual([['harmful', 'finance-questions.json'], ['benign', undefined]]);
  });

  it('copies its own examples where the workspace has nothing, and never writes over a file', async () => {
    const [dataset] = await workspace('reckless-finance.jsonl');
    await writeFile(join(root, 'combinations.experiment.json'), 'mine');
    said.answers = [[dataset], template('combinations'), BACK, template('combinations'), 'harmful'];
    await newFromTemplate(resolve('examples'), []);
    expect(said.shown).toEqual([join(root, 'combinations-2.experiment.json')]);
    expect(await readFile(join(root, 'combinations.experiment.json'), 'utf8')).toBe('mine');
    expect(said.brief[0]).toContain('no general questions and no pool of safe rows');
    const { problems } = await readExperimentFile(said.shown[0]!);
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('needs a dataset', async () => {
    await workspace('reckless-finance.jsonl');
    said.answers = [[], template('kl-strength')];
    await expect(newFromTemplate('/nowhere', [])).rejects.toThrow(/at least one/);
    expect(said.shown).toEqual([]);
  });

  it('suggests a role by the name, and files that lie beside the dataset first', () => {
    expect(['bad-medical.jsonl', 'insecure.jsonl', 'sound-finance.jsonl', 'secure.jsonl', 'mine.csv'].map(likelyRole)).toEqual(['harmful', 'harmful', 'control', 'control', 'own']);
    expect(nearestFirst(['/a/1.json', '/b/2.json', '/a/3.json'], '/b')).toEqual(['/b/2.json', '/a/1.json', '/a/3.json']);
  });
});
