export interface Owned {
  dispose(): unknown;
}

/** Base of everything that owns something: what is registered is disposed with it, last first. */
export abstract class Disposable implements Owned {
  private owned: Owned[] = [];
  private disposed = false;

  protected get isDisposed(): boolean { return this.disposed; }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    for (const one of this.owned.reverse()) one.dispose();
    this.owned = [];
  }

  protected register<T extends Owned>(one: T): T {
    if (this.disposed) one.dispose();
    else this.owned.push(one);
    return one;
  }
}
