import type { Owned } from './disposable';

/** A minimal event: enough for models that must run without VS Code. */
export class Emitter<T> implements Owned {
  private readonly listeners = new Set<(value: T) => void>();

  readonly event = (listener: (value: T) => void): Owned => {
    this.listeners.add(listener);
    return { dispose: () => this.listeners.delete(listener) };
  };

  fire(value: T): void {
    for (const listener of [...this.listeners]) listener(value);
  }

  dispose(): void {
    this.listeners.clear();
  }
}
