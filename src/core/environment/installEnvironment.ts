import { mkdir, readFile, rm, statfs } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { dirname } from 'node:path';
import { writeJsonAtomic } from '../files/atomicWrite';
import { runLines } from '../files/runJsonLines';
import { LockFile } from '../machine/lockFile';
import type { Machine } from '../machine/machine';
import { timestamp } from '../schema/time';
import { environmentMarker, environmentPython, ownEnvironmentFolder, requirementsFile } from './python';

const execute = promisify(execFile);

export interface InstallOptions {
  readonly machine: Machine;
  readonly distFolder: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (message: string) => void;
}

/** PyTorch's own index of builds without CUDA; used where it can be reached and this machine has no NVIDIA GPU. */
const CPU_TORCH_INDEX = 'https://download.pytorch.org/whl/cpu';
const NEEDED_GB = { cuda: 8, cpu: 2.5 };

/**
 * Builds Plumbline's own Python environment once per lock file, or finds it built. Returns its interpreter.
 * Downloads: 0.3 GB with a CPU build of torch, about 3 GB with the CUDA build (5.5 GB installed).
 */
export async function installEnvironment(options: InstallOptions): Promise<string> {
  const { machine, distFolder, onProgress } = options;
  const folder = await ownEnvironmentFolder(machine, distFolder);
  if (existsSync(environmentMarker(folder))) return environmentPython(folder);
  await mkdir(machine.storage.environmentsFolder, { recursive: true });
  const lock = new LockFile(`${folder}.lock`, machine.secret);
  while (!await lock.acquire()) {
    onProgress?.('Another Plumbline is building the environment; waiting for it.');
    await pause(3000, options.signal);
    if (existsSync(environmentMarker(folder))) return environmentPython(folder);
  }
  try {
    if (!existsSync(environmentMarker(folder))) await build(folder, options);
    return environmentPython(folder);
  } finally {
    await lock.release();
  }
}

async function build(folder: string, { distFolder, signal, onProgress }: InstallOptions): Promise<void> {
  const cpuIndex = await cpuTorchIndex();
  await requireDisk(folder, cpuIndex === null ? NEEDED_GB.cuda : NEEDED_GB.cpu);
  await rm(folder, { recursive: true, force: true });
  const run = (command: string, args: string[]) =>
    runLines(command, args, { cwd: distFolder, signal, onErrorLine: onProgress }, (line) => onProgress?.(line));
  onProgress?.(`Creating a Python environment in ${folder}`);
  await run(await basePython(), ['-m', 'venv', folder]);
  onProgress?.(cpuIndex === null
    ? 'Downloading PyTorch (on Linux the CUDA build: about 3 GB, 5.5 GB installed), transformers, peft, accelerate.'
    : 'Downloading PyTorch (CPU build, about 0.2 GB), transformers, peft, accelerate.');
  const index = cpuIndex === null ? [] : ['--extra-index-url', cpuIndex];
  await run(environmentPython(folder), ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', ...index, '-r', requirementsFile(distFolder)]);
  const requirements = await readFile(requirementsFile(distFolder), 'utf8');
  await writeJsonAtomic(environmentMarker(folder), { builtAt: timestamp(), requirements: requirements.split('\n').filter(Boolean) });
}

async function cpuTorchIndex(): Promise<string | null> {
  if (process.platform !== 'linux' || await hasNvidiaGpu()) return null;
  const answer = await fetch(`${CPU_TORCH_INDEX}/torch/`, { method: 'HEAD', signal: AbortSignal.timeout(5000) }).catch(() => null);
  return answer?.ok ? CPU_TORCH_INDEX : null;
}

async function hasNvidiaGpu(): Promise<boolean> {
  return execute('nvidia-smi', ['-L']).then(({ stdout }) => stdout.includes('GPU'), () => false);
}

/** A Python that can make environments; newer than the oldest one that the packages support. */
async function basePython(): Promise<string> {
  const check = 'import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 10) else 1)';
  const names = ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
  for (const name of names) {
    if (await execute(name, ['-c', check]).then(() => true, () => false)) return name;
  }
  throw new Error('No Python 3.10 or newer with venv was found on the PATH. Install one (Debian and Ubuntu: python3 and python3-venv) and try again.');
}

async function requireDisk(folder: string, gigabytes: number): Promise<void> {
  const disk = await statfs(dirname(folder));
  const free = (disk.bavail * disk.bsize) / 1e9;
  if (free < gigabytes) {
    throw new Error(`The environment needs about ${gigabytes} GB in ${folder}, and ${free.toFixed(1)} GB are free. Free some, or set XDG_DATA_HOME to a larger disk.`);
  }
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
