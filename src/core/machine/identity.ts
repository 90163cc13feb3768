import type { ProcessIdentity } from '../schema/state';
import { bootId, processStartTime } from './processes';
import type { MachineSecret } from './secret';
import { thisHostId } from './userStorage';

/** Signed identity of a live process, bound to `scope` (a run folder, a lock). `null` where the process is gone. */
export async function identify(pid: number, scope: string, secret: MachineSecret): Promise<ProcessIdentity | null> {
  const startTime = await processStartTime(pid);
  if (startTime === null) return null;
  const who = { host: thisHostId(), bootId: await bootId(), pid, startTime };
  return { ...who, signature: secret.sign({ ...who, scope }) };
}

/** `foreign`: another machine's, or signed by nobody we know. */
export type Liveness = 'alive' | 'dead' | 'foreign';

export async function liveness(identity: ProcessIdentity, scope: string, secret: MachineSecret): Promise<Liveness> {
  const { signature, ...who } = identity;
  if (who.host !== thisHostId() || !secret.verifies({ ...who, scope }, signature)) return 'foreign';
  if (who.bootId !== await bootId()) return 'dead';
  return (await processStartTime(who.pid)) === who.startTime ? 'alive' : 'dead';
}
