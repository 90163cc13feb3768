/** What a person can do about an error: a button that runs a command. */
export interface ErrorAction {
  readonly title: string;
  readonly command: string;
  readonly arguments?: readonly unknown[];
}

/** An error that is written for the person who sees it. */
export class UserError extends Error {
  override readonly name = 'UserError';

  constructor(message: string, readonly actions: readonly ErrorAction[] = [], options?: ErrorOptions) {
    super(message, options);
  }
}

/** Thrown where a person backs out. Never shown. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';

  constructor() {
    super('Cancelled');
  }
}

export function isCancellation(error: unknown): boolean {
  return error instanceof Error && (error.name === 'Cancelled' || error.name === 'AbortError' || error.name === 'Canceled');
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
