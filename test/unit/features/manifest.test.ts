import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMAND_IDS } from '../../../src/features/commandTable';

const root = resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const manifest = JSON.parse(read('package.json'));
const texts = JSON.parse(read('package.nls.json')) as Record<string, string>;
const { contributes } = manifest;
const menus = contributes.menus as Record<string, { command: string; when?: string; group?: string }[]>;
const extensionTs = read('src/extension.ts');

describe('the manifest', () => {
  it('has exactly the commands of the command table', () => {
    const inManifest = contributes.commands.map(({ command }: { command: string }) => command);
    expect([...inManifest].sort()).toEqual([...COMMAND_IDS].sort());
    expect(new Set(inManifest).size).toBe(inManifest.length);
    for (const id of COMMAND_IDS) expect(extensionTs).toContain(`'${id}':`);
  });

  it('names commands in menus, key bindings and walkthroughs that exist', () => {
    const used = [...JSON.stringify(contributes).matchAll(/(?:command:|"command":"|onCommand:)(plumbline\.\w+)/g)].map(([, id]) => id!);
    used.push(...Object.values(texts).flatMap((text) => [...text.matchAll(/command:(plumbline\.\w+)/g)].map(([, id]) => id!)));
    for (const id of used) expect(COMMAND_IDS).toContain(id);
  });

  it('has a text for every key, and no text without a key', () => {
    const keys = [...JSON.stringify(manifest).matchAll(/%([\w.]+)%/g)].map(([, key]) => key!);
    expect([...new Set(keys)].sort()).toEqual(Object.keys(texts).sort());
    for (const text of Object.values(texts)) expect(text.trim()).not.toBe('');
  });

  it('translates every title that a person sees', () => {
    for (const { title } of contributes.commands) expect(title).toMatch(/^%.+%$/);
    for (const setting of Object.values(contributes.configuration.properties) as { markdownDescription: string }[]) expect(setting.markdownDescription).toMatch(/^%.+%$/);
  });

  it('puts at most three buttons on a row of the tree', () => {
    const inline = menus['view/item/context']!.filter(({ group }) => group?.startsWith('inline'));
    for (const flags of ['experiment', 'experiment cancelable', 'run training cancelable logged', 'run done judged logged', 'run done unjudged logged', 'experiment cancelable unjudged', 'run failed resumable logged', 'run cancelled resumable judged logged', 'arm judged']) {
      const shown = inline.filter(({ when }) => new RegExp(/viewItem =~ \/(.*)\//.exec(when!)![1]!).test(flags));
      expect(shown.length, flags).toBeLessThanOrEqual(3);
    }
  });

  it('offers datasets and not configuration files for fine-tuning', () => {
    const { when } = menus['explorer/context']!.find(({ command }) => command === 'plumbline.fineTune')!;
    for (const id of ['plumbline.validateDataset', 'plumbline.newExperimentFromTemplate']) {
      expect(menus['explorer/context']!.find(({ command }) => command === id)!.when).toBe(when);
    }
    const pattern = new RegExp(/resourceFilename =~ \/(.*?)\/ &&/.exec(`${when} &&`)![1]!);
    for (const name of ['data.jsonl', 'data.json', 'x.csv']) expect(pattern.test(name), name).toBe(true);
    for (const name of ['kl.defense.json', 'a.experiment.json', 'gpt.judge.json', 'package.json', 'tsconfig.json', 'calm.persona.json']) expect(pattern.test(name), name).toBe(false);
  });

  it('lets no workspace choose what is executed', () => {
    const settings = contributes.configuration.properties;
    expect(Object.keys(settings).length).toBeLessThanOrEqual(12);
    for (const name of ['plumbline.python', 'plumbline.launcher']) expect(settings[name].scope).toBe('machine');
    expect(manifest.capabilities.untrustedWorkspaces.supported).toBe('limited');
    expect(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations).toEqual(Object.keys(settings));
  });

  it('points to files that are there', () => {
    const files = [
      manifest.icon, ...contributes.viewsContainers.activitybar.map(({ icon }: { icon: string }) => icon),
      ...contributes.jsonValidation.map(({ url }: { url: string }) => url),
      ...contributes.walkthroughs.flatMap(({ steps }: { steps: { media: { svg: string } }[] }) => steps.map(({ media }) => media.svg)),
    ];
    for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
  });

  it('starts on nothing that every window has', () => {
    expect(manifest.activationEvents).not.toContain('*');
    expect(manifest.activationEvents).not.toContain('onStartupFinished');
    for (const event of manifest.activationEvents) expect(event).not.toMatch(/workspaceContains:.*\*/);
  });
});
