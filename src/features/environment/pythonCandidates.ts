import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { environmentPython, type PythonCandidate } from '../../core/environment/python';

export interface CandidateSources {
  readonly folders: readonly string[];
  readonly isTrusted: boolean;
  readonly fromEnvironmentsExtension: (folder: string | undefined) => Promise<string | undefined>;
  readonly fromPythonExtension: (folder: string | undefined) => Promise<string | undefined>;
}

/** Interpreters to look at, in order. The core adds Plumbline's own environment, VIRTUAL_ENV and PATH after these. */
export async function pythonCandidates(sources: CandidateSources): Promise<PythonCandidate[]> {
  const [folder] = sources.folders;
  // A workspace chooses no interpreter before it is trusted: neither its folders nor its settings for other extensions.
  if (!sources.isTrusted) return [];
  const asked = await Promise.all([
    candidate(sources.fromEnvironmentsExtension(folder), 'chosen in the Python Environments extension'),
    candidate(sources.fromPythonExtension(folder), 'chosen in the Python extension'),
  ]);
  const local = sources.folders.flatMap((root) => ['.venv', 'venv'].map((name) => environmentPython(join(root, name))))
    .filter((path) => existsSync(path))
    .map((path) => ({ path, why: 'the workspace\'s virtual environment' }));
  return unique([...asked.flat(), ...local]);
}

async function candidate(found: Promise<string | undefined>, why: string): Promise<PythonCandidate[]> {
  const path = await found.catch(() => undefined);
  return path === undefined || path === '' ? [] : [{ path, why }];
}

function unique(candidates: readonly PythonCandidate[]): PythonCandidate[] {
  return candidates.filter(({ path }, index) => candidates.findIndex((other) => other.path === path) === index);
}
