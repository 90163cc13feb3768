import { EventReader, eventsFile } from '../experiments/eventReader';
import { RunProgressFold } from '../experiments/runProgress';
import { liveness } from '../machine/identity';
import { signalProcessGroup } from '../machine/processes';
import type { MachineSecret } from '../machine/secret';
import type { RunState, RunStateName } from '../schema/state';
import { stopRequestedAt } from './requests';
import type { RunStateWriter } from './runStateWriter';

/** How long a trainer has, after a stop was asked for, before it is signalled: a CPU step and a checkpoint take seconds. */
export interface StopPatience {
  readonly terminateAfterMs: number;
  readonly killAfterMs: number;
}
export const STOP_PATIENCE: StopPatience = { terminateAfterMs: 60_000, killAfterMs: 90_000 };

const HEARTBEAT_WRITE_MS = 10_000;

/** Watches one trainer, started or adopted, by what it writes: states, heartbeats, stops, its end. */
export class RunSupervisor {
  private readonly events: EventReader;
  private readonly fold = new RunProgressFold();
  private lastWrite = 0;

  constructor(
    readonly runFolder: string,
    private readonly writer: RunStateWriter,
    private readonly secret: MachineSecret,
    private readonly patience: StopPatience = STOP_PATIENCE,
  ) {
    this.events = new EventReader(eventsFile(runFolder, writer.current.attempt));
  }

  get device(): string { return this.writer.current.device; }

  /** Looks once; says the state in which the run has ended, or `null` while it goes on. */
  async tick(): Promise<RunStateName | null> {
    const alive = await this.isAlive();
    for (const event of await this.events.readNew()) this.fold.add(event);
    if (!alive) return this.end();
    await this.report();
    await this.escalateStop();
    return null;
  }

  private async isAlive(): Promise<boolean> {
    const { trainer } = this.writer.current;
    return trainer !== null && await liveness(trainer, this.runFolder, this.secret) === 'alive';
  }

  private async report(): Promise<void> {
    const state = this.liveState();
    const { heartbeatAt } = this.fold.current;
    const changed = state !== this.writer.current.state;
    const stale = heartbeatAt !== this.writer.current.heartbeatAt && Date.now() - this.lastWrite > HEARTBEAT_WRITE_MS;
    if (!changed && !stale) return;
    this.lastWrite = Date.now();
    await this.writer.update({ state, heartbeatAt });
  }

  private liveState(): 'preparing' | 'training' | 'evaluating' {
    switch (this.fold.current.phase) {
      case 'train': return 'training';
      case 'extract': case 'generate': case 'score': return 'evaluating';
      case 'load': case null: return 'preparing';
    }
  }

  private async escalateStop(): Promise<void> {
    const { attempt, trainer } = this.writer.current;
    const askedAt = await stopRequestedAt(this.runFolder, attempt);
    if (askedAt === null || trainer === null) return;
    const waited = Date.now() - askedAt;
    if (waited > this.patience.killAfterMs) signalProcessGroup(trainer.pid, 'SIGKILL');
    else if (waited > this.patience.terminateAfterMs) signalProcessGroup(trainer.pid, 'SIGTERM');
  }

  /** The trainer is gone. Its `done` event is the truth; without one it was killed, or the machine went down. */
  private async end(): Promise<RunStateName> {
    const { trainer } = this.writer.current;
    if (trainer !== null) signalProcessGroup(trainer.pid, 'SIGKILL');
    const ending = await this.ending();
    await this.writer.update({ ...ending, heartbeatAt: this.fold.current.heartbeatAt });
    return ending.state;
  }

  private async ending(): Promise<Pick<RunState, 'state' | 'error'>> {
    const { ended, error } = this.fold.current;
    const reported = error === null ? null : { class: error.class, message: error.message, hint: error.hint };
    if (ended?.status === 'completed') return { state: 'done', error: null };
    if (ended?.status === 'cancelled') return { state: 'cancelled', error: null };
    if (ended?.status === 'failed' || reported !== null) return { state: 'failed', error: reported };
    if (await stopRequestedAt(this.runFolder, this.writer.current.attempt) !== null) return { state: 'cancelled', error: null };
    return {
      state: 'interrupted',
      error: {
        class: 'internal',
        message: 'The trainer was ended from outside, or crashed, before it could say anything.',
        hint: 'Resume goes on from the last checkpoint. If it happens again look at train.log; the system kills processes that need more memory than there is.',
      },
    };
  }
}
