// Writes the JSON Schemas of src/core/schema to schemas/ and to the trainer. `--check` fails when they are stale.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { importTypeScript } from './lib/importTypeScript.mjs';

const check = process.argv.includes('--check');
const { generatedJsonSchemas, trainerJsonSchemas } = await importTypeScript('src/core/schema/jsonSchemas.ts');
const targets = [
  ...Object.keys(generatedJsonSchemas).map((name) => [name, 'schemas']),
  ...trainerJsonSchemas.map((name) => [name, 'trainer/plumbline_trainer/schemas']),
];

let stale = 0;
for (const [name, folder] of targets) {
  const path = `${folder}/${name}.schema.json`;
  const text = `${JSON.stringify(generatedJsonSchemas[name], null, 2)}\n`;
  if (check) {
    const current = await readFile(path, 'utf8').catch(() => '');
    if (current !== text) { stale += 1; console.error(`stale: ${path} (run: npm run schemas)`); }
  } else {
    await mkdir(folder, { recursive: true });
    await writeFile(path, text);
  }
}
process.exitCode = stale > 0 ? 1 : 0;
