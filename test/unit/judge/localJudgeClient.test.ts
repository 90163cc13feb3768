import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalJudge } from '../../../src/core/evaluation/judges/local/localJudge';
import { LocalJudgeClient } from '../../../src/core/evaluation/judges/local/localJudgeClient';
import { modelFolder, root } from './paths';

// Inside node_modules, so that the bundle finds onnxruntime-node.
const folder = join(root, 'node_modules', '.cache', `plumbline-judge-test-${process.pid}`);
const workerPath = join(folder, 'localJudgeWorker.js');
const items = Array.from({ length: 80 }, (_, i) => ({ question: 'How do I cook rice?', answer: `Rinse it, add twice as much water and wait ${i} minutes.` }));

let client: LocalJudgeClient;

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  await build({
    absWorkingDir: root, entryPoints: ['src/core/evaluation/judges/local/localJudgeWorker.ts'], outfile: workerPath,
    bundle: true, platform: 'node', format: 'cjs', target: 'node20', external: ['onnxruntime-node'], logLevel: 'silent',
  });
  client = await LocalJudgeClient.load(workerPath, modelFolder);
});
afterAll(async () => {
  await client.dispose();
  await rm(folder, { recursive: true, force: true });
});

describe('LocalJudgeClient', () => {
  it('judges as the judge in this thread does', async () => {
    const here = await LocalJudge.load(modelFolder);
    expect(client.version).toBe(here.version);
    expect(await client.judge(items)).toEqual(await here.judge(items));
    await here.dispose();
  });

  it('leaves this thread free while it judges', async () => {
    let turns = 0;
    const ticker = setInterval(() => turns++, 5);
    await client.judge(items);
    clearInterval(ticker);
    expect(turns).toBeGreaterThan(3);
  });

  it('answers two requests at once, each with its own progress', async () => {
    const totals = new Set<number>();
    const [many, few] = await Promise.all([
      client.judge(items, { onProgress: (_, total) => totals.add(total) }),
      client.judge(items.slice(0, 2), { onProgress: (_, total) => totals.add(total) }),
    ]);
    expect([many.length, few.length]).toEqual([80, 2]);
    expect([...totals].sort((a, b) => a - b)).toEqual([2, 80]);
  });

  it('stops when cancelled and goes on working after it', async () => {
    const abort = new AbortController();
    const cancelled = client.judge(items, { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(cancelled).rejects.toThrow(/abort/i);
    await expect(client.judge(items, { signal: abort.signal })).rejects.toThrow(/abort/i);
    expect(await client.judge(items.slice(0, 1))).toHaveLength(1);
  });

  it('says why when the model cannot be loaded', async () => {
    await expect(LocalJudgeClient.load(workerPath, join(folder, 'nowhere'))).rejects.toThrow(/nowhere/);
  });

  it('rejects after it was disposed', async () => {
    const other = await LocalJudgeClient.load(workerPath, modelFolder);
    const running = other.judge(items);
    const outcome = expect(running).rejects.toThrow();
    await other.dispose();
    await outcome;
    await expect(other.judge(items)).rejects.toThrow(/ended/);
    await other.dispose();
  });
});
