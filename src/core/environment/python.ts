import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from '../machine/machine';
import { preflight, type DoctorReport } from './doctor';

export interface PythonCandidate {
  readonly path: string;
  /** Why it is looked at, in words for a person: "setting plumbline.python". */
  readonly why: string;
}

export interface PythonReport extends PythonCandidate {
  readonly doctor: DoctorReport;
}

export function requirementsFile(distFolder: string): string {
  return join(distFolder, 'trainer', 'requirements.lock');
}

/** Folder of Plumbline's own environment, keyed by its lock file: shared by demo, tests, command line and extension. */
export async function ownEnvironmentFolder(machine: Machine, distFolder: string): Promise<string> {
  const lock = await readFile(requirementsFile(distFolder));
  return join(machine.storage.environmentsFolder, createHash('sha256').update(lock).digest('hex').slice(0, 16));
}

export function environmentPython(folder: string): string {
  return process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}

/** A built environment has this file; one without it was cut short. */
export function environmentMarker(folder: string): string {
  return join(folder, 'plumbline-environment.json');
}

/** Plumbline's own environment where it is built, as a candidate. */
export async function ownEnvironment(machine: Machine, distFolder: string): Promise<PythonCandidate[]> {
  const folder = await ownEnvironmentFolder(machine, distFolder);
  return existsSync(environmentMarker(folder)) ? [{ path: environmentPython(folder), why: 'Plumbline\'s own environment' }] : [];
}

/** Interpreters that the shell or the system offers. */
export function systemPythons(env: NodeJS.ProcessEnv = process.env): PythonCandidate[] {
  const active = env['VIRTUAL_ENV'] ? [{ path: environmentPython(env['VIRTUAL_ENV']), why: 'VIRTUAL_ENV' }] : [];
  const names = process.platform === 'win32' ? ['python'] : ['python3', 'python'];
  return [...active, ...names.map((path) => ({ path, why: 'PATH' }))];
}

/**
 * The first candidate that has all that the trainer needs. One that a person named (`setting`) is taken or refused, never passed over.
 * `null`: no candidate will do.
 */
export async function findPython(options: {
  setting?: string | undefined;
  candidates?: readonly PythonCandidate[];
  machine: Machine;
  distFolder: string;
}): Promise<PythonReport | null> {
  const { setting, candidates = [], machine, distFolder } = options;
  const trainerFolder = join(distFolder, 'trainer');
  if (setting) return requirePython({ path: setting, why: 'named by you' }, trainerFolder);
  const all = [...candidates, ...await ownEnvironment(machine, distFolder), ...systemPythons()];
  for (const candidate of all) {
    const doctor = await preflight(candidate.path, trainerFolder).catch(() => null);
    if (doctor !== null && doctor.missing.length === 0) return { ...candidate, doctor };
  }
  return null;
}

async function requirePython(candidate: PythonCandidate, trainerFolder: string): Promise<PythonReport> {
  const doctor = await preflight(candidate.path, trainerFolder);
  if (doctor.missing.length > 0) {
    throw new MissingPackagesError(candidate.path, doctor.missing);
  }
  return { ...candidate, doctor };
}

export class MissingPackagesError extends Error {
  constructor(readonly python: string, readonly missing: readonly string[]) {
    super(`${python} lacks ${missing.join(', ')}. Install them there, or let Plumbline build its own environment ("plumbline environment install").`);
  }
}
