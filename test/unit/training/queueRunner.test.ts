import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExperimentStore, readRunState } from '../../../src/core/experiments/store';
import { LockFile } from '../../../src/core/machine/lockFile';
import type { Machine } from '../../../src/core/machine/machine';
import { processStartTime } from '../../../src/core/machine/processes';
import type { RunStateName } from '../../../src/core/schema/state';
import { launchTrainer } from '../../../src/core/training/launchTrainer';
import { QueueRunner, type QueueRunnerOptions } from '../../../src/core/training/queueRunner';
import { requestStop } from '../../../src/core/training/requests';
import { FAKE_PYTHON, temporaryMachine } from '../../fixtures/temporaryMachine';
import { writeTrainRun } from '../../fixtures/trainRun';

let machine: Machine;
let folder: string;
let remove: () => Promise<void>;
let store: ExperimentStore;

beforeEach(async () => {
  ({ machine, folder, remove } = await temporaryMachine());
  store = new ExperimentStore(join(folder, 'workspace', '.plumbline'));
  await mkdir(join(folder, 'runtime', 'trainer'), { recursive: true });
});
afterEach(() => remove());

function runner(mode: string, options: Partial<QueueRunnerOptions> = {}): QueueRunner {
  return new QueueRunner({
    machine, devices: [{ id: 'cpu', env: { PLUMBLINE_FAKE_MODE: mode } }], launch: launchTrainer,
    judge: async () => undefined, log: () => undefined, pollMs: 20, idleMs: 100, patience: { terminateAfterMs: 150, killAfterMs: 400 }, ...options,
  });
}

async function enqueue(runFolder: string): Promise<void> {
  await machine.queue.enqueue({ runFolder, python: FAKE_PYTHON, runtime: join(folder, 'runtime'), launcher: [] });
}

async function until(runFolder: string, ...states: RunStateName[]) {
  for (let i = 0; i < 400; i++) {
    const state = await readRunState(runFolder);
    if (state !== null && states.includes(state.state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`never ${states.join(' or ')}: ${JSON.stringify(await readRunState(runFolder))}`);
}

/** A trainer at work whose runner has ended. */
async function leaveWorking() {
  const run = await writeTrainRun(store);
  await enqueue(run);
  const first = runner('slow');
  const working = first.run();
  const { trainer } = await until(run, 'training');
  first.stop();
  await working;
  return { run, trainer };
}

describe('a run that was queued by another version', () => {
  const other = () => join(folder, 'other-runtime');
  const own = () => join(folder, 'runtime');

  beforeEach(async () => {
    await mkdir(join(other(), 'trainer'), { recursive: true });
    await writeFile(join(other(), 'runner.js'), '');
  });

  it('is left to that version\'s runner, once the own work is done', async () => {
    const [mine, theirs] = [await writeTrainRun(store, 'mine'), await writeTrainRun(store, 'theirs')];
    await machine.queue.enqueue({ runFolder: theirs, python: FAKE_PYTHON, runtime: other(), launcher: [] });
    await enqueue(mine);
    expect(await runner('ok', { runtimeFolder: own(), handOverMs: 100 }).run()).toEqual({ reason: 'handed over', runtimeFolder: other() });
    expect((await readRunState(mine))!.state).toBe('done');
    expect(await readRunState(theirs)).toBeNull();
    expect((await machine.queue.list()).map(({ runFolder }) => runFolder)).toEqual([theirs]);
    expect(await runner('ok', { runtimeFolder: other(), handOverMs: 100 }).run()).toEqual({ reason: 'idle' });
    expect((await readRunState(theirs))!.state).toBe('done');
  });

  it('is taken where its version is gone from this machine', async () => {
    const theirs = await writeTrainRun(store);
    await machine.queue.enqueue({ runFolder: theirs, python: FAKE_PYTHON, runtime: own(), launcher: [] });
    expect(await runner('ok', { runtimeFolder: other() }).run()).toEqual({ reason: 'idle' });
    expect((await readRunState(theirs))!.state).toBe('done');
  });
});

describe('a queued run', () => {
  it('is trained, judged once, and leaves the queue', async () => {
    const run = await writeTrainRun(store);
    await enqueue(run);
    await enqueue(run);
    const judged: string[] = [];
    expect(await runner('ok', { judge: async (entry) => { judged.push(entry.runFolder); } }).run()).toEqual({ reason: 'idle' });
    expect((await readRunState(run))?.state).toBe('done');
    expect(judged).toEqual([run]);
    expect(await machine.queue.list()).toEqual([]);
  });

  it('waits while another runner lives', async () => {
    const run = await writeTrainRun(store);
    await enqueue(run);
    const first = runner('ok').run();
    await until(run, 'preparing', 'training', 'done');
    expect(await runner('ok').run()).toEqual({ reason: 'another runner lives' });
    await first;
  });

  it.each([
    ['oom', 'failed', 'oom_cuda', 'batchSize'],
    ['disk-full', 'failed', 'disk_full', 'resume'],
    ['nan', 'failed', 'nan_loss', 'learning rate'],
    ['crash', 'interrupted', 'internal', 'Resume'],
    ['killed-early', 'interrupted', 'internal', 'memory'],
  ] as const)('that ends with %s says so: %s', async (mode, state, errorClass, hint) => {
    const run = await writeTrainRun(store);
    await enqueue(run);
    await runner(mode).run();
    const ended = await readRunState(run);
    expect(ended?.state).toBe(state);
    expect(ended?.error?.class).toBe(errorClass);
    expect(ended?.error?.hint).toContain(hint);
  });

  it.each(['half-line', 'garbage', 'flood'])('is read through %s', async (mode) => {
    const run = await writeTrainRun(store);
    await enqueue(run);
    await runner(mode).run();
    expect((await readRunState(run))?.state).toBe('done');
  });

  it('stops at a request, and a second attempt finishes it', async () => {
    const run = await writeTrainRun(store);
    await enqueue(run);
    const working = runner('slow').run();
    await until(run, 'training');
    await requestStop(run);
    await working;
    expect((await readRunState(run))?.state).toBe('cancelled');
    await enqueue(run);
    await runner('ok').run();
    expect(await readRunState(run)).toMatchObject({ state: 'done', attempt: 2 });
  });

  it('that hears nothing is killed, with all that it started', async () => {
    const run = await writeTrainRun(store);
    await enqueue(run);
    const working = runner('deaf,slow,grandchild').run();
    await until(run, 'training');
    const pidFile = join(run, 'grandchild.pid');
    while (!existsSync(pidFile) || (await readFile(pidFile, 'utf8')) === '') await new Promise((resolve) => setTimeout(resolve, 20));
    await requestStop(run);
    await working;
    expect((await readRunState(run))?.state).toBe('cancelled');
    expect(await processStartTime(Number(await readFile(pidFile, 'utf8')))).toBeNull();
  });

  it('is cancelled before it starts', async () => {
    const run = await writeTrainRun(store);
    await enqueue(run);
    await requestStop(run);
    await runner('ok').run();
    expect((await readRunState(run))?.state).toBe('cancelled');
    expect(existsSync(join(run, 'train.log'))).toBe(false);
  });

  it('that ends leaves the device to whoever holds it by then', async () => {
    const run = await writeTrainRun(store);
    await enqueue(run);
    const working = runner('ok');
    while ((await readRunState(run))?.trainer == null) await working.tick();
    // The next run: it may be started between the trainer's death and our noticing it.
    const lease = new LockFile(join(machine.storage.leasesFolder, 'cpu'), machine.secret);
    await lease.release();
    expect(await lease.acquire()).toBe(true);
    while ((await readRunState(run))?.state !== 'done') {
      await working.tick();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect((await lease.holder())?.pid).toBe(process.pid);
    await lease.release();
  });

  it('outlives its runner and is adopted by the next', async () => {
    const { run, trainer } = await leaveWorking();
    const log: string[] = [];
    const second = runner('slow', { log: (message) => log.push(message) });
    const adopting = second.run();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(log.join()).toContain('adopted');
    expect((await readRunState(run))?.trainer).toEqual(trainer);
    await requestStop(run);
    await adopting;
    expect((await readRunState(run))?.state).toBe('cancelled');
  });

  it('whose trainer died while no runner lived is interrupted', async () => {
    const { run, trainer } = await leaveWorking();
    process.kill(trainer?.pid as number, 'SIGKILL');
    await runner('ok').run();
    expect(await readRunState(run)).toMatchObject({ state: 'interrupted', attempt: 1 });
  });

  it('fails with the run that it needs, and starts once that is done', async () => {
    const need = await writeTrainRun(store, 'need');
    const run = await writeTrainRun(store, 'run', { needs: ['need'] });
    await enqueue(need);
    await enqueue(run);
    await runner('crash').run();
    expect((await readRunState(need))?.state).toBe('interrupted');
    expect(await readRunState(run)).toMatchObject({ state: 'failed', error: { class: 'dependency', message: 'This run needs need (interrupted), which did not finish.' } });
    await enqueue(need);
    await enqueue(run);
    await runner('ok').run();
    expect((await readRunState(need))?.state).toBe('done');
    expect((await readRunState(run))?.state).toBe('done');
  });

  it('waits for a run of another experiment, whatever their order in the queue', async () => {
    const need = await writeTrainRun(store, 'need', { experimentId: 'experiment-2' });
    const run = await writeTrainRun(store, 'run', { needs: ['experiment-2/need'] });
    await enqueue(run);
    await enqueue(need);
    await runner('ok').run();
    expect((await readRunState(need))?.state).toBe('done');
    expect((await readRunState(run))?.state).toBe('done');
    expect(Date.parse((await readRunState(run))!.updatedAt)).toBeGreaterThan(Date.parse((await readRunState(need))!.updatedAt));
  });

  it('ends with a clear error where one that it needs failed, and so does what needs it', async () => {
    const need = await writeTrainRun(store, 'need', { experimentId: 'experiment-2' });
    const run = await writeTrainRun(store, 'run', { needs: ['experiment-2/need'] });
    const later = await writeTrainRun(store, 'later', { needs: ['run'] });
    for (const each of [later, run, need]) await enqueue(each);
    await runner('oom').run();
    expect((await readRunState(run))?.error?.message).toBe('This run needs experiment-2/need (failed), which did not finish.');
    expect((await readRunState(later))?.error).toMatchObject({ class: 'dependency', hint: 'Resume that run first, then this one.' });
    expect(await machine.queue.list()).toEqual([]);
  });

  it('that cannot be started fails and says why', async () => {
    const run = await writeTrainRun(store);
    await machine.queue.enqueue({ runFolder: run, python: '/nowhere/python', runtime: join(folder, 'runtime'), launcher: [] });
    await runner('ok').run();
    expect(await readRunState(run)).toMatchObject({ state: 'failed', error: { class: 'internal' } });
  });
});

describe('a file in the queue that this machine did not sign', () => {
  it('starts nothing', async () => {
    const run = await writeTrainRun(store);
    await enqueue(run);
    const [entry] = await machine.queue.list();
    const forged = JSON.parse(await readFile(entry?.file as string, 'utf8')) as Record<string, unknown>;
    await machine.queue.remove(entry!);
    await writeFile(join(machine.queue.folder, 'forged.json'), JSON.stringify({ ...forged, python: '/bin/true' }));
    await runner('ok').run();
    expect(await readRunState(run)).toBeNull();
  });
});
