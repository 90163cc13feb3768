import { join } from 'node:path';
import { preflight, type DoctorReport } from '../../core/environment/doctor';
import { ownEnvironment, systemPythons, type PythonCandidate } from '../../core/environment/python';
import { listDevices } from '../../core/training/devices';
import { PLUMBLINE_VERSION } from '../../core/version';
import type { CliContext } from '../context';
import { print, printJson } from '../output';

interface Finding extends PythonCandidate { readonly doctor: DoctorReport | null; readonly usable: boolean }

/** Says what this machine has and lacks. Succeeds only where a run could start. */
export async function doctor(context: CliContext, options: { python?: string }): Promise<void> {
  const machine = await context.machine();
  const named = options.python ?? process.env['PLUMBLINE_PYTHON'];
  const candidates = named !== undefined
    ? [{ path: named, why: 'named by you' }]
    : [...await ownEnvironment(machine, context.distFolder), ...systemPythons()];
  const pythons: Finding[] = [];
  for (const candidate of candidates) {
    const report = await preflight(candidate.path, join(context.distFolder, 'trainer')).catch(() => null);
    pythons.push({ ...candidate, doctor: report, usable: report !== null && report.missing.length === 0 });
  }
  const devices = (await listDevices()).map(({ id }) => id);
  const ok = pythons.some((python) => python.usable);
  if (context.json) printJson({ ok, plumbline: PLUMBLINE_VERSION, node: process.version, workspace: context.workspaceFolder, storage: machine.storage.root, cache: machine.storage.cacheRoot, devices, pythons });
  else printFindings(context, machine.storage.root, devices, pythons);
  if (!ok) process.exitCode = 1;
}

function printFindings(context: CliContext, storage: string, devices: string[], pythons: Finding[]): void {
  print(`plumbline ${PLUMBLINE_VERSION}, node ${process.version}`);
  print(`workspace  ${context.workspaceFolder}`);
  print(`storage    ${storage}`);
  print(`devices    ${devices.join(', ')}`);
  for (const python of pythons) print(`python     ${python.path} (${python.why}): ${verdict(python)}`);
  if (!pythons.some((python) => python.usable)) {
    print('No Python can train. "plumbline environment install" builds one of its own; or name one with --python.');
  }
}

function verdict({ doctor: report }: Finding): string {
  if (report === null) return 'does not run';
  if (report.missing.length > 0) return `lacks ${report.missing.join(', ')}`;
  return `ready: torch ${report.packages['torch']}, ${report.deviceName}${report.bf16 ? ', bf16' : ''}, ${report.freeDiskGb.toFixed(0)} GB free`;
}
