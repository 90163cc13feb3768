import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './paths.mjs';

const cli = join(root, 'dist', 'cli.js');

/** Runs the built command line tool in this terminal, Ctrl-C included. Returns its exit code, and its stdout where that is not shown. */
export function runCli(args, { show = true } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args], { cwd: root, stdio: ['ignore', show ? 'inherit' : 'pipe', 'inherit'] });
    // The terminal sends Ctrl-C to the tool as well; it ends first, and cleanly.
    const ignore = () => undefined;
    process.on('SIGINT', ignore);
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk) => { stdout += chunk; });
    child.on('error', reject);
    child.on('close', (code) => {
      process.off('SIGINT', ignore);
      resolve({ code: code ?? 1, stdout });
    });
  });
}

/** As runCli, for a command whose stdout is wanted and whose failure is an error. */
export async function cliOutput(args) {
  const { code, stdout } = await runCli(args, { show: false });
  if (code !== 0) throw new Error(`plumbline ${args.join(' ')} ended with exit code ${code}.`);
  return stdout;
}
