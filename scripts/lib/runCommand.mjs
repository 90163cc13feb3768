import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { stopProcessTree, trackProcess } from './processTree.mjs';

const TAIL_CHARACTERS = 4000;

/**
 * Runs one command without a shell. Output goes to `log` where given, to the terminal with `show` (true, or 'stderr' for progress alone), and its end is kept for the error text.
 * Resolves with {code, stdout, tail, timedOut}; it never rejects because of an exit code.
 */
export async function runCommand(command, args, { cwd, env, log, show = false, timeoutMs = 0 } = {}) {
  let logStream;
  if (log) {
    await mkdir(dirname(log), { recursive: true });
    logStream = createWriteStream(log, { flags: 'a' });
    logStream.write(`$ ${command} ${args.join(' ')}\n`);
  }
  const child = spawn(command, args, {
    cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: process.platform !== 'win32',
  });
  const untrack = trackProcess(child);
  let stdout = '';
  let tail = '';
  const collect = (terminal, shown) => (chunk) => {
    logStream?.write(chunk);
    if (shown) terminal.write(chunk);
    tail = (tail + chunk).slice(-TAIL_CHARACTERS);
  };
  child.stdout.setEncoding('utf8').on('data', (chunk) => { stdout += chunk; });
  child.stdout.on('data', collect(process.stdout, show === true));
  child.stderr.setEncoding('utf8').on('data', collect(process.stderr, Boolean(show)));

  let timedOut = false;
  const timer = timeoutMs > 0
    ? setTimeout(() => { timedOut = true; void stopProcessTree(child); }, timeoutMs)
    : undefined;
  const code = await new Promise((resolve) => {
    child.on('error', (error) => { tail += error.message; resolve(127); });
    child.on('close', (exitCode, signal) => resolve(exitCode ?? (signal ? 128 : 1)));
  });
  clearTimeout(timer);
  untrack();
  await new Promise((resolve) => (logStream ? logStream.end(resolve) : resolve()));
  return { code: timedOut ? 124 : code, stdout, tail, timedOut };
}

/** As runCommand, but a non-zero exit code is an error that carries the end of the output. */
export async function runOrThrow(command, args, options) {
  const result = await runCommand(command, args, options);
  if (result.code !== 0) {
    const why = result.timedOut ? 'ran out of time' : `exit code ${result.code}`;
    throw new Error(`${command} ${args.join(' ')}: ${why}\n${result.tail.trim()}`);
  }
  return result;
}
