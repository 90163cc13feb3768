import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

const TAIL_CHARACTERS = 6000;
const telling = ['runner.log', 'state.json', 'train.log'];

/** The end of every file below these folders that says how a run went. */
export async function collectLogs(folders: string[]): Promise<string> {
  const parts: string[] = [];
  for (const folder of folders) {
    const entries = await readdir(folder, { recursive: true }).catch(() => []);
    for (const path of entries.filter((entry) => telling.includes(basename(entry))).sort()) {
      const text = await readFile(join(folder, path), 'utf8').catch(String);
      parts.push(`== ${path}\n${text.slice(-TAIL_CHARACTERS)}`);
    }
  }
  return parts.join('\n\n');
}

/** Without the modules that are not compiled here: VS Code does without them, and says so at length. */
export function withoutKnownNoise(serverLog: string): string {
  return serverLog
    .replace(/Error: Could not locate the bindings file\.[\s\S]*?\n\s*\]\s*\n\}\n/g, '')
    .split('\n').filter((line) => !/vsda|\(node:\d+\)/.test(line)).join('\n');
}
