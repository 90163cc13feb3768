import type { Memory } from '../memory';

/** Where secrets are kept (VS Code's SecretStorage). */
export interface SecretStore {
  get(key: string): Thenable<string | undefined>;
  store(key: string, value: string): Thenable<void>;
  delete(key: string): Thenable<void>;
}

const ORIGINS = 'judging.keyOrigins';

/**
 * Keys of endpoints, each for one origin: a judge file with another address never gets them. The keys lie in the secret
 * storage alone; which origins have one is remembered beside it.
 */
export class JudgeKeys {
  constructor(private readonly secrets: SecretStore, private readonly memory: Memory) {}

  /** Origins that have a key, in alphabetical order. */
  get origins(): string[] {
    return [...this.memory.get<string[]>(ORIGINS) ?? []].sort();
  }

  get(baseUrl: string): Thenable<string | undefined> {
    return this.secrets.get(nameOf(originOf(baseUrl)));
  }

  async keep(baseUrl: string, key: string): Promise<void> {
    const origin = originOf(baseUrl);
    await this.secrets.store(nameOf(origin), key);
    await this.memory.update(ORIGINS, [...new Set([...this.origins, origin])]);
  }

  async forget(origin: string): Promise<void> {
    await this.secrets.delete(nameOf(origin));
    await this.memory.update(ORIGINS, this.origins.filter((other) => other !== origin));
  }
}

export function originOf(baseUrl: string): string {
  return new URL(baseUrl).origin;
}

function nameOf(origin: string): string {
  return `plumbline.judgeKey ${origin}`;
}
