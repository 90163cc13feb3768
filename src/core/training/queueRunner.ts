import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { neededRun } from '../experiments/needs';
import { readRunState, storeOfRun } from '../experiments/store';
import { LockFile } from '../machine/lockFile';
import { identify, liveness } from '../machine/identity';
import type { Machine } from '../machine/machine';
import { Runtime } from '../machine/runtime';
import { readJson } from '../files/readJson';
import { runSpec } from '../schema/run';
import { LIVE_STATES, type RunState, type RunStateName } from '../schema/state';
import type { Device } from './devices';
import type { Launched } from './launchTrainer';
import type { QueuedRun } from './queue';
import { requestStop, stopRequestedAt } from './requests';
import { RunStateWriter } from './runStateWriter';
import { RunSupervisor, STOP_PATIENCE, type StopPatience } from './runSupervisor';

export interface QueueRunnerOptions {
  readonly machine: Machine;
  readonly devices: readonly Device[];
  readonly launch: (entry: QueuedRun, attempt: number, device: Device) => Promise<Launched>;
  /** Judges a run that is done; its failure does not undo the run. */
  readonly judge: (entry: QueuedRun) => Promise<void>;
  readonly log: (message: string) => void;
  readonly pollMs?: number;
  /** The runner ends when there was nothing to do for so long. */
  readonly idleMs?: number;
  readonly patience?: StopPatience;
  /** The runner's own versioned runtime; runs that were queued with another one are left to that one's runner. Left out: all are taken. */
  readonly runtimeFolder?: string;
  /** The runner makes room for another runtime's when it could do nothing itself for so long. */
  readonly handOverMs?: number;
}

/** How a runner ended; `handOver`: the runtime whose runner has work to do. */
export type RunnerEnd = { readonly reason: 'idle' | 'another runner lives' } | { readonly reason: 'handed over'; readonly runtimeFolder: string };

/** Takes runs from the machine's queue, one to a device, and sees each through to its judgments. One runner lives per machine. */
export class QueueRunner {
  private readonly active = new Map<string, RunSupervisor>();
  private readonly judging = new Map<string, Promise<void>>();
  private stopped = false;
  private blockedSince: number | null = null;
  private successor: string | null = null;

  constructor(private readonly options: QueueRunnerOptions) {}

  /** Works until the queue has been empty for a while, or only another runtime's runs are left to do. Returns at once where another runner lives. */
  async run(): Promise<RunnerEnd> {
    const { machine } = this.options;
    const lock = new LockFile(machine.storage.runnerLock, machine.secret);
    // Who queues a run while we let go of the lock sees a runner alive and starts none: so look once more.
    do {
      if (!await lock.acquire()) return { reason: 'another runner lives' };
      await this.workUntilIdle().finally(() => lock.release());
      if (this.successor !== null) return { reason: 'handed over', runtimeFolder: this.successor };
    } while (!this.stopped && (await machine.queue.list()).length > 0);
    return { reason: 'idle' };
  }

  private async workUntilIdle(): Promise<void> {
    const { pollMs = 500, idleMs = 15_000 } = this.options;
    for (let idleSince: number | null = null; !this.stopped && this.successor === null && (idleSince === null || Date.now() - idleSince < idleMs);) {
      const isBusy = await this.tick();
      idleSince = isBusy ? null : idleSince ?? Date.now();
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }

  /** Leaves trainers running; the next runner adopts them. */
  stop(): void {
    this.stopped = true;
  }

  /** One look at everything. Says whether there is work. */
  async tick(): Promise<boolean> {
    const entries = await this.options.machine.queue.list();
    const others = entries.filter((entry) => this.isForAnother(entry));
    for (const entry of entries) if (!others.includes(entry)) await this.attend(entry).catch((error: unknown) => this.giveUp(entry, error));
    this.makeRoomFor(others);
    return entries.length > 0 || this.judging.size > 0;
  }

  /** A run's files are of the version that wrote them: an older runner may not understand them. */
  private isForAnother({ runtime }: QueuedRun): boolean {
    const { runtimeFolder } = this.options;
    return runtimeFolder !== undefined && existsSync(new Runtime(runtime).runnerScript) && realpathSync(runtime) !== realpathSync(runtimeFolder);
  }

  /** Also where own runs wait for what another runtime's must do first. */
  private makeRoomFor([first]: readonly QueuedRun[]): void {
    const { handOverMs = 3000 } = this.options;
    if (first === undefined || this.active.size > 0 || this.judging.size > 0) {
      this.blockedSince = null;
      return;
    }
    this.blockedSince ??= Date.now();
    if (Date.now() - this.blockedSince >= handOverMs) this.successor = first.runtime;
  }

  private async attend(entry: QueuedRun): Promise<void> {
    if (this.judging.has(entry.runFolder)) return;
    const supervisor = this.active.get(entry.runFolder) ?? await this.adopt(entry);
    if (supervisor !== null) return this.watch(entry, supervisor);
    if (!existsSync(entry.file)) return;
    const state = await readRunState(entry.runFolder);
    if (state?.state === 'done') return this.startJudging(entry);
    if (await this.wasCancelled(entry, state)) return this.cancelQueued(entry, state);
    const needs = await this.needs(entry);
    if (needs.failed.length > 0) return this.failNeeds(entry, state, needs.failed);
    const device = await this.freeDevice();
    if (!needs.areWaitedFor && device !== null) await this.start(entry, state, device);
  }

  private async watch(entry: QueuedRun, supervisor: RunSupervisor): Promise<void> {
    const ended = await supervisor.tick();
    if (ended === null) return;
    this.active.delete(entry.runFolder);
    await this.freeLease(supervisor.device);
    this.options.log(`${entry.runFolder}: ${ended}`);
    if (ended === 'done') this.startJudging(entry);
    else await this.options.machine.queue.remove(entry);
  }

  /** A trainer that outlived its runner is found by its signed identity. */
  private async adopt(entry: QueuedRun): Promise<RunSupervisor | null> {
    const state = await readRunState(entry.runFolder);
    if (state === null || !LIVE_STATES.includes(state.state)) return null;
    if (state.trainer === null) return this.abandonUnidentified(entry, state);
    if (await liveness(state.trainer, entry.runFolder, this.options.machine.secret) === 'foreign') return null;
    this.options.log(`${entry.runFolder}: adopted, attempt ${state.attempt}`);
    return this.supervise(entry, RunStateWriter.adopt(entry.runFolder, state, await this.runnerIdentity(entry)));
  }

  /** A runner died between starting a trainer and writing down which: a request stops it, should it live; nothing is killed by guess. */
  private async abandonUnidentified(entry: QueuedRun, state: RunState): Promise<null> {
    await requestStop(entry.runFolder);
    await this.endUnstarted(entry, state, {
      state: 'interrupted',
      error: { class: 'internal', message: 'The queue runner died while it started this run.', hint: 'Resume it.' },
    });
    return null;
  }

  private async start(entry: QueuedRun, previous: RunState | null, device: Device): Promise<void> {
    const attempt = (previous?.attempt ?? 0) + 1;
    const writer = await RunStateWriter.begin(entry.runFolder, attempt, device.id, await this.runnerIdentity(entry));
    this.options.log(`${entry.runFolder}: attempt ${attempt} on ${device.id}`);
    const { pid } = await this.options.launch(entry, attempt, device);
    await this.lease(device.id).acquire(pid);
    await writer.update({ trainer: await identify(pid, entry.runFolder, this.options.machine.secret) });
    this.supervise(entry, writer);
  }

  private supervise(entry: QueuedRun, writer: RunStateWriter): RunSupervisor {
    const supervisor = new RunSupervisor(entry.runFolder, writer, this.options.machine.secret, this.options.patience ?? STOP_PATIENCE);
    this.active.set(entry.runFolder, supervisor);
    return supervisor;
  }

  private startJudging(entry: QueuedRun): void {
    const judged = this.options.judge(entry)
      .catch((error: unknown) => this.options.log(`${entry.runFolder}: not judged: ${String(error)}`))
      .then(() => this.options.machine.queue.remove(entry))
      .finally(() => this.judging.delete(entry.runFolder));
    this.judging.set(entry.runFolder, judged);
  }

  private async wasCancelled(entry: QueuedRun, state: RunState | null): Promise<boolean> {
    const askedAt = await stopRequestedAt(entry.runFolder, state?.attempt ?? 0);
    return askedAt !== null && askedAt >= Date.parse(entry.enqueuedAt);
  }

  private async cancelQueued(entry: QueuedRun, state: RunState | null): Promise<void> {
    await this.endUnstarted(entry, state, { state: 'cancelled', error: null });
  }

  private async failNeeds(entry: QueuedRun, state: RunState | null, failed: readonly string[]): Promise<void> {
    await this.endUnstarted(entry, state, {
      state: 'failed',
      error: {
        class: 'dependency', message: `This run needs ${failed.join(' and ')}, which did not finish.`,
        hint: failed.length === 1 ? 'Resume that run first, then this one.' : 'Resume those runs first, then this one.',
      },
    });
  }

  private async giveUp(entry: QueuedRun, error: unknown): Promise<void> {
    this.options.log(`${entry.runFolder}: ${String(error)}`);
    const state = await readRunState(entry.runFolder).catch(() => null);
    await this.endUnstarted(entry, state, {
      state: 'failed',
      error: { class: 'internal', message: `The run could not be started: ${(error as Error).message}`, hint: 'See runner.log in Plumbline\'s user storage.' },
    }).catch(() => this.options.machine.queue.remove(entry));
  }

  private async endUnstarted(entry: QueuedRun, state: RunState | null, ending: { state: RunStateName & RunState['state']; error: RunState['error'] }): Promise<void> {
    const runner = await this.runnerIdentity(entry);
    const writer = state === null
      ? await RunStateWriter.begin(entry.runFolder, 1, 'none', runner)
      : RunStateWriter.adopt(entry.runFolder, state, runner);
    await writer.update(ending);
    await this.options.machine.queue.remove(entry);
  }

  /** What an entry still needs: `failed` names runs that will not be done any more, because nobody works on them. */
  private async needs(entry: QueuedRun): Promise<{ readonly areWaitedFor: boolean; readonly failed: string[] }> {
    const spec = await readJson(join(entry.runFolder, 'run.json'), runSpec);
    const store = storeOfRun(entry.runFolder);
    const open: { name: string; runFolder: string; state: string }[] = [];
    for (const need of spec.needs) {
      const { experimentId, runId } = neededRun(need, spec.experimentId);
      const state = await store.readRunState(experimentId, runId);
      if (state?.state !== 'done') open.push({ name: need, runFolder: store.runFolder(experimentId, runId), state: state?.state ?? 'never started' });
    }
    if (open.length === 0) return { areWaitedFor: false, failed: [] };
    const queued = new Set((await this.options.machine.queue.list()).map(({ runFolder }) => runFolder));
    return { areWaitedFor: true, failed: open.filter(({ runFolder }) => !queued.has(runFolder)).map(({ name, state }) => `${name} (${state})`) };
  }

  private async freeDevice(): Promise<Device | null> {
    for (const device of this.options.devices) {
      if (await this.lease(device.id).holder() === null) return device;
    }
    return null;
  }

  /** Held by the trainer that works on the device, so it ends with it whatever becomes of the runner. */
  private lease(deviceId: string): LockFile {
    const { machine } = this.options;
    return new LockFile(join(machine.storage.leasesFolder, deviceId), machine.secret);
  }

  /** The next run may hold the device already: it is free from the moment that a trainer dies, which may be before we see it end. */
  private async freeLease(deviceId: string): Promise<void> {
    const lease = this.lease(deviceId);
    if (await lease.holder() === null) await lease.release();
  }

  private async runnerIdentity(entry: QueuedRun) {
    const identity = await identify(process.pid, entry.runFolder, this.options.machine.secret);
    if (identity === null) throw new Error('This process cannot be identified.');
    return identity;
  }
}
