import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import canonicalize from 'canonicalize';
import { isMissing } from '../files/readJson';

/** The machine's secret: signs what this machine queued and started, so that files from elsewhere start and kill nothing. */
export class MachineSecret {
  private constructor(private readonly key: Buffer) {}

  static async load(secretFile: string): Promise<MachineSecret> {
    try {
      return new MachineSecret(await readFile(secretFile));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    await createSecret(secretFile);
    return new MachineSecret(await readFile(secretFile));
  }

  sign(value: unknown): string {
    return createHmac('sha256', this.key).update(canonicalize(value) ?? '').digest('hex');
  }

  verifies(value: unknown, signature: string): boolean {
    const expected = Buffer.from(this.sign(value));
    const given = Buffer.from(signature);
    return expected.length === given.length && timingSafeEqual(expected, given);
  }
}

/** By link: of two processes that come first, one writes the secret and both read it. */
async function createSecret(secretFile: string): Promise<void> {
  await mkdir(dirname(secretFile), { recursive: true, mode: 0o700 });
  const temporary = `${secretFile}.${process.pid}.tmp`;
  await writeFile(temporary, randomBytes(32), { mode: 0o600 });
  await link(temporary, secretFile).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(temporary, { force: true });
}
