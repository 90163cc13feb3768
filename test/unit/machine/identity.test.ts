import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFile, stat } from 'node:fs/promises';
import { identify, liveness } from '../../../src/core/machine/identity';
import type { Machine } from '../../../src/core/machine/machine';
import { MachineSecret } from '../../../src/core/machine/secret';
import type { ProcessIdentity } from '../../../src/core/schema/state';
import { temporaryMachine } from '../../fixtures/temporaryMachine';

let machine: Machine;
let remove: () => Promise<void>;
beforeEach(async () => { ({ machine, remove } = await temporaryMachine()); });
afterEach(() => remove());

const own = async () => (await identify(process.pid, 'run', machine.secret)) as ProcessIdentity;

describe('an identity', () => {
  it('of this process is alive in its scope, and foreign in another', async () => {
    expect(await liveness(await own(), 'run', machine.secret)).toBe('alive');
    expect(await liveness(await own(), 'another run', machine.secret)).toBe('foreign');
  });

  it('with a forged pid, or signed with another secret, is foreign', async () => {
    expect(await liveness({ ...await own(), pid: 1 }, 'run', machine.secret)).toBe('foreign');
    const other = await temporaryMachine();
    expect(await liveness(await own(), 'run', other.machine.secret)).toBe('foreign');
    await other.remove();
  });

  it('does not exist for a process that does not', async () => {
    expect(await identify(2 ** 22 + 1, 'run', machine.secret)).toBeNull();
  });
});

describe('the secret', () => {
  it('is made once, for its owner alone, also when many ask at once', async () => {
    const secrets = await Promise.all(Array.from({ length: 8 }, () => MachineSecret.load(machine.storage.secretFile)));
    const signatures = new Set(secrets.map((secret) => secret.sign({ a: 1 })));
    expect(signatures.size).toBe(1);
    expect((await stat(machine.storage.secretFile)).mode & 0o077).toBe(0);
    expect((await readFile(machine.storage.secretFile)).length).toBe(32);
  });

  it('signs content, not spelling', () => {
    expect(machine.secret.sign({ a: 1, b: 2 })).toBe(machine.secret.sign({ b: 2, a: 1 }));
    expect(machine.secret.verifies({ a: 2 }, machine.secret.sign({ a: 1 }))).toBe(false);
    expect(machine.secret.verifies({ a: 1 }, '')).toBe(false);
  });
});
