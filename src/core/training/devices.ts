import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** A place that takes one run at a time. */
export interface Device {
  readonly id: string;
  /** Makes the trainer see this device and no other. */
  readonly env: Readonly<Record<string, string>>;
}

const CPU: Device = { id: 'cpu', env: {} };

/** The machine's devices: each NVIDIA GPU that CUDA_VISIBLE_DEVICES leaves, otherwise the machine as a whole. */
export async function listDevices(env: NodeJS.ProcessEnv = process.env): Promise<Device[]> {
  const visible = env['CUDA_VISIBLE_DEVICES'];
  const gpus = visible !== undefined ? splitList(visible) : await nvidiaGpus();
  if (gpus.length === 0) return [CPU];
  return gpus.map((index) => ({ id: `cuda-${index}`, env: { CUDA_VISIBLE_DEVICES: index } }));
}

function splitList(text: string): string[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '' && part !== '-1');
}

async function nvidiaGpus(): Promise<string[]> {
  const query = ['--query-gpu=index', '--format=csv,noheader'];
  return execute('nvidia-smi', query).then(({ stdout }) => stdout.split('\n').map((line) => line.trim()).filter(Boolean), () => []);
}
