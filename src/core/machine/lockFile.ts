import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { processIdentity, type ProcessIdentity } from '../schema/state';
import { identify, liveness } from './identity';
import type { MachineSecret } from './secret';

/** A file that at most one live process holds. A holder that died, by crash or kill, loses it. */
export class LockFile {
  constructor(readonly path: string, private readonly secret: MachineSecret) {}

  /** Says whether the process (this one, unless another is named) now holds the lock. */
  async acquire(pid = process.pid): Promise<boolean> {
    const identity = await identify(pid, this.path, this.secret);
    if (identity === null) return false;
    await mkdir(dirname(this.path), { recursive: true });
    if (await this.create(identity)) return true;
    if (await this.holder() !== null) return false;
    await this.removeStale();
    return this.create(identity);
  }

  /** The live process that holds the lock. */
  async holder(): Promise<ProcessIdentity | null> {
    const identity = parseIdentity(await this.text());
    return identity !== null && await liveness(identity, this.path, this.secret) === 'alive' ? identity : null;
  }

  async release(): Promise<void> {
    await rm(this.path, { force: true });
  }

  private async create(identity: ProcessIdentity): Promise<boolean> {
    const temporary = `${this.path}.${randomUUID()}.tmp`;
    await writeFile(temporary, JSON.stringify(identity));
    try {
      await link(temporary, this.path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(temporary, { force: true });
    }
  }

  /** Moves the file away and looks again: what was moved may be the lock of one who was quicker, and then goes back. */
  private async removeStale(): Promise<void> {
    const stale = await this.text();
    const moved = `${this.path}.${randomUUID()}.stale`;
    try {
      await rename(this.path, moved);
    } catch {
      return;
    }
    if (await readFile(moved, 'utf8') !== stale) await link(moved, this.path).catch(() => undefined);
    await rm(moved, { force: true });
  }

  private text(): Promise<string> {
    return readFile(this.path, 'utf8').catch(() => '');
  }
}

function parseIdentity(text: string): ProcessIdentity | null {
  try {
    return processIdentity.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
