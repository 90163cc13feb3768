import { setTimeout as sleep } from 'node:timers/promises';

const MINUTE = 60_000;

/** Spaces the starts of requests evenly over a minute, and holds all of them back while the endpoint asks for a pause. */
export class RequestPace {
  private readonly interval: number;
  private nextAt = 0;
  private pausedUntil = 0;

  /** `requestsPerMinute` null: no limit of its own. */
  constructor(requestsPerMinute: number | null) {
    this.interval = requestsPerMinute === null ? 0 : MINUTE / requestsPerMinute;
  }

  /** Resolves when the next request may start. */
  async turn(signal: AbortSignal): Promise<void> {
    for (let at = this.reserve(); ; at = this.reserve()) {
      const wait = at - Date.now();
      if (wait > 0) await sleep(wait, undefined, { signal });
      // A pause that was asked for meanwhile holds those back that had their turn.
      if (this.pausedUntil <= Date.now()) return;
    }
  }

  pause(milliseconds: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, Date.now() + milliseconds);
  }

  private reserve(): number {
    const at = Math.max(Date.now(), this.nextAt, this.pausedUntil);
    this.nextAt = at + this.interval;
    return at;
  }
}
