import { join } from 'node:path';
import { artifacts } from './paths.mjs';

const log = join(artifacts, 'logs', 'setup.log');

/** What layers need, in the order in which it can be had; each step gets what the earlier ones brought. */
const steps = {
  build: async () => { await (await import('../../esbuild.mjs')).build(); return true; },
  python: async () => (await import('./pythonEnvironment.mjs')).ensurePython({ log, show: 'stderr' }),
  pytest: async ({ python }) => (await import('./pytest.mjs')).ensurePytest(python, { log }),
  chromium: async () => (await import('./chromium.mjs')).ensureChromium({ log }),
  codeServer: async () => (await import('./codeServerInstall.mjs')).ensureCodeServer({ log }),
};
const stepNeeds = { python: ['build'], pytest: ['python'] };

/** Brings what the given layers need. Returns {brought, missing}: what is there, and why something is not. */
export async function setUp(layers) {
  const wanted = new Set(layers.flatMap(({ needs }) => needs));
  for (const name of [...wanted]) for (const need of withNeeds(name)) wanted.add(need);
  const brought = {};
  const missing = {};
  for (const [name, bring] of Object.entries(steps)) {
    if (!wanted.has(name)) continue;
    const lacking = (stepNeeds[name] ?? []).find((need) => missing[need]);
    if (lacking) { missing[name] = `needs ${lacking}: ${missing[lacking]}`; continue; }
    const started = Date.now();
    try {
      brought[name] = await bring(brought);
      console.log(`set-up: ${name} (${seconds(started)})`);
    } catch (error) {
      missing[name] = error.message;
      console.error(`set-up: ${name} FAILED (${seconds(started)}): ${error.message}`);
    }
  }
  return { brought, missing };
}

function withNeeds(name) {
  return [name, ...(stepNeeds[name] ?? []).flatMap(withNeeds)];
}

function seconds(started) {
  return `${((Date.now() - started) / 1000).toFixed(0)} s`;
}
