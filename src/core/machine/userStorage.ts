import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';

/** Where Plumbline keeps what belongs to a person or a machine and not to a workspace. The same for extension and command line. */
export class UserStorage {
  constructor(readonly root: string, readonly cacheRoot: string, readonly hostId: string = thisHostId()) {}

  static ofThisUser(env: NodeJS.ProcessEnv = process.env): UserStorage {
    return new UserStorage(join(dataHome(env), 'plumbline'), join(cacheHome(env), 'plumbline'));
  }

  /** Converted models: can be had again. */
  get modelsFolder(): string { return join(this.cacheRoot, 'models'); }
  /** Python environments: can be built again. */
  get environmentsFolder(): string { return join(this.cacheRoot, 'environments'); }
  /** What judges that are asked by prompts replied: paid for once. */
  get repliesFolder(): string { return join(this.root, 'replies'); }
  get runtimesFolder(): string { return join(this.root, 'runtimes'); }
  get hostFolder(): string { return join(this.root, 'hosts', this.hostId); }
  get queueFolder(): string { return join(this.hostFolder, 'queue'); }
  get leasesFolder(): string { return join(this.hostFolder, 'leases'); }
  get secretFile(): string { return join(this.hostFolder, 'secret'); }
  get runnerLock(): string { return join(this.hostFolder, 'runner.lock'); }
  get runnerLog(): string { return join(this.hostFolder, 'runner.log'); }
}

function dataHome(env: NodeJS.ProcessEnv): string {
  if (env['XDG_DATA_HOME']) return env['XDG_DATA_HOME'];
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support');
  if (process.platform === 'win32') return env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local');
  return join(homedir(), '.local', 'share');
}

function cacheHome(env: NodeJS.ProcessEnv): string {
  if (env['XDG_CACHE_HOME']) return env['XDG_CACHE_HOME'];
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  if (process.platform === 'win32') return join(dataHome(env), 'Cache');
  return join(homedir(), '.cache');
}

/** Names a machine where many share one home: a hash of the system's machine id and host name. */
export function thisHostId(): string {
  return createHash('sha256').update(`${machineId()}\n${hostname()}`).digest('hex').slice(0, 12);
}

function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    return '';
  }
}
