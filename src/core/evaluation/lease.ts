import { randomUUID } from 'node:crypto';
import { promises as fs } from 'node:fs';
import * as os from 'node:os';
import { z } from 'zod';

/** A lease that was not touched for this long belongs to nobody. */
export const LEASE_STALE_MS = 10 * 60 * 1000;
const TOUCH_EVERY_MS = 60 * 1000;

const leaseHolder = z.object({ pid: z.int(), host: z.string(), at: z.string(), id: z.string() });
export type LeaseHolder = z.output<typeof leaseHolder>;

export interface Lease {
  release(): Promise<void>;
}

/** Takes a lease by creating a file that must not exist. Null when somebody else holds it. */
export async function takeLease(file: string): Promise<Lease | null> {
  const holder: LeaseHolder = { pid: process.pid, host: os.hostname(), at: new Date().toISOString(), id: randomUUID() };
  if (!(await createFile(file, holder))) {
    if (!(await isAbandoned(file))) {
      return null;
    }
    await setAside(file);
    if (!(await createFile(file, holder))) {
      return null;
    }
  }
  const timer = setInterval(() => void touch(file).catch(() => undefined), TOUCH_EVERY_MS);
  timer.unref();
  return {
    async release() {
      clearInterval(timer);
      if ((await readLeaseHolder(file))?.id === holder.id) {
        await fs.rm(file, { force: true });
      }
    },
  };
}

/** Who holds a lease, or null. */
export async function readLeaseHolder(file: string): Promise<LeaseHolder | null> {
  try {
    return leaseHolder.parse(JSON.parse(await fs.readFile(file, 'utf8')));
  } catch {
    return null;
  }
}

async function createFile(file: string, holder: LeaseHolder): Promise<boolean> {
  try {
    await fs.writeFile(file, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

async function isAbandoned(file: string): Promise<boolean> {
  const touchedAt = await fs.stat(file).then(({ mtimeMs }) => mtimeMs, () => null);
  if (touchedAt === null || Date.now() - touchedAt > LEASE_STALE_MS) {
    return true;
  }
  const holder = await readLeaseHolder(file);
  return holder !== null && holder.host === os.hostname() && !isAlive(holder.pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

// Renaming lets only one of several takers win; a lease that turned out fresh after all is put back.
async function setAside(file: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await fs.rename(file, aside);
  } catch {
    return;
  }
  if (!(await isAbandoned(aside))) {
    await fs.link(aside, file).catch(() => undefined);
  }
  await fs.rm(aside, { force: true });
}

async function touch(file: string): Promise<void> {
  const now = new Date();
  await fs.utimes(file, now, now);
}
