import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './paths.mjs';

const packageOf = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** The licence texts of every package that went into the bundles, and of those shipped whole. */
export async function thirdPartyNotices(metafiles, shippedWhole) {
  const names = new Set(shippedWhole);
  for (const input of metafiles.flatMap((metafile) => Object.keys(metafile.inputs))) {
    const name = packageOf.exec(input)?.[1];
    if (name) names.add(name);
  }
  const sections = await Promise.all([...names].sort().map(describe));
  return `Plumbline contains the following packages.\n\n${sections.join('\n')}`;
}

async function describe(name) {
  const folder = join(root, 'node_modules', name);
  const { version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).find((entry) => /^(licen[cs]e|copying)(\.|$)/i.test(entry));
  const text = file ? (await readFile(join(folder, file), 'utf8')).trim() : '';
  return `${'-'.repeat(80)}\n${name} ${version} (${license ?? 'see text'})\n\n${text}\n`;
}
