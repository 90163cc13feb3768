import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** What the command says on stderr, line by line. */
  readonly onErrorLine?: (line: string) => void;
}

export class CommandError extends Error {
  constructor(readonly command: string, readonly exitCode: number | null, readonly lastErrors: string) {
    super(`${command} ended with ${exitCode === null ? 'a signal' : `exit code ${exitCode}`}${lastErrors === '' ? '' : `:\n${lastErrors}`}`);
  }
}

const KEPT_ERROR_LINES = 20;

/** Runs a command (never through a shell) and hands over each line of its stdout. Rejects where it does not end with 0. */
export async function runLines(command: string, args: readonly string[], options: CommandOptions, onLine: (line: string) => void): Promise<void> {
  const child = spawn(command, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'], signal: options.signal });
  const errors: string[] = [];
  createInterface({ input: child.stdout, crlfDelay: Infinity }).on('line', onLine);
  createInterface({ input: child.stderr, crlfDelay: Infinity }).on('line', (line) => {
    errors.push(line);
    if (errors.length > KEPT_ERROR_LINES) errors.shift();
    options.onErrorLine?.(line);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  options.signal?.throwIfAborted();
  if (code !== 0) throw new CommandError(command, code, errors.join('\n'));
}

/** As runLines, for commands that write one JSON object a line; other lines are passed over. */
export function runJsonLines(command: string, args: readonly string[], options: CommandOptions, onObject: (value: unknown) => void): Promise<void> {
  return runLines(command, args, options, (line) => {
    if (!line.startsWith('{')) return;
    try {
      onObject(JSON.parse(line));
    } catch {
      options.onErrorLine?.(line);
    }
  });
}
