import { runOrThrow } from './runCommand.mjs';

/** Runs npm with the Node that runs this script; npm itself says where it lives when it started us. */
export function runNpm(args, options) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('npm-cli.js')) return runOrThrow(process.execPath, [cli, ...args], options);
  return runOrThrow(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, options);
}
