import { installEnvironment } from '../../core/environment/installEnvironment';
import { findPython, type PythonReport } from '../../core/environment/python';
import type { Machine } from '../../core/machine/machine';
import { setContext } from '../../vscode/commands';
import { pickFile } from '../../vscode/dialogs';
import { Disposable } from '../../vscode/disposable';
import { Cancelled, messageOf, UserError, type ErrorAction } from '../../vscode/errors';
import { log } from '../../vscode/log';
import { confirm, showInformation } from '../../vscode/messages';
import { withNotification } from '../../vscode/progress';
import { pythonOfEnvironmentsExtension, pythonOfPythonExtension } from '../../vscode/pythonExtensions';
import { isTrusted, onSettingChanged, setting, updateUserSetting, workspaceFolders } from '../../vscode/workspace';
import type { PythonSource } from '../pythonSource';
import { pythonCandidates } from './pythonCandidates';

const ACTIONS: readonly ErrorAction[] = [
  { title: 'Set Up…', command: 'plumbline.setUpPython' },
  { title: 'Choose Interpreter…', command: 'plumbline.selectPython' },
];

/** Finds the Python that trains, or helps to get one. What was found is kept until the setting changes. */
export class Environment extends Disposable implements PythonSource {
  private found: PythonReport | null = null;

  constructor(private readonly machine: () => Promise<Machine>, private readonly distFolder: string) {
    super();
    this.register(onSettingChanged('python', () => { this.found = null; }));
  }

  async require(): Promise<PythonReport> {
    this.found ??= await this.find();
    if (this.found !== null) return this.found;
    await setContext('plumbline.pythonMissing', true);
    throw new UserError('No Python with PyTorch, transformers, peft and accelerate was found. Plumbline can set up an environment of its own.', ACTIONS);
  }

  /** Builds Plumbline's own environment, once the person knows how large it is. */
  async setUp(): Promise<void> {
    const detail = 'PyTorch, transformers, peft, accelerate and safetensors are downloaded from PyPI: about 0.3 GB without a GPU, '
      + 'about 3 GB (5.5 GB installed) with the CUDA build. It takes several minutes, is done once, and is shared by all workspaces and the command line.';
    if (!await confirm('Set up a Python environment for Plumbline?', detail, 'Set Up')) throw new Cancelled();
    const python = await withNotification('Plumbline: setting up Python', async (signal, report) =>
      installEnvironment({
        machine: await this.machine(), distFolder: this.distFolder, signal,
        onProgress: (message) => {
          log.info(`set-up: ${message}`);
          report({ message });
        },
      }));
    this.found = null;
    const { doctor } = await this.require();
    showInformation(`Plumbline's Python is ready: ${python}, on ${doctor.deviceName || doctor.device}.`);
  }

  /** Lets the person name an interpreter; it is checked before it is kept. */
  async select(): Promise<void> {
    const path = await pickFile('Python with PyTorch', workspaceFolders()[0] ?? '/', {});
    if (path === undefined) throw new Cancelled();
    const report = await findPython({ setting: path, machine: await this.machine(), distFolder: this.distFolder })
      .catch((error: unknown) => { throw new UserError(messageOf(error), ACTIONS, { cause: error }); });
    if (report === null) throw new UserError(`${path} cannot train.`, ACTIONS);
    await updateUserSetting('python', path);
    this.found = report;
    await this.announce(report);
  }

  private async find(): Promise<PythonReport | null> {
    const named = setting<string>('python') || undefined;
    const candidates = named === undefined ? await pythonCandidates({
      folders: workspaceFolders(), isTrusted: isTrusted(),
      fromEnvironmentsExtension: pythonOfEnvironmentsExtension, fromPythonExtension: pythonOfPythonExtension,
    }) : [];
    const report = await findPython({ setting: named, candidates, machine: await this.machine(), distFolder: this.distFolder })
      .catch((error: unknown) => { throw new UserError(`The setting plumbline.python: ${messageOf(error)}`, ACTIONS, { cause: error }); });
    if (report !== null) await this.announce(report);
    return report;
  }

  private async announce({ path, why, doctor }: PythonReport): Promise<void> {
    await setContext('plumbline.pythonMissing', false);
    await setContext('plumbline.pythonFound', true);
    const versions = Object.entries(doctor.packages).map(([name, version]) => `${name} ${version ?? 'missing'}`).join(', ');
    log.info(`Python: ${path} (${why}), ${doctor.python} on ${doctor.deviceName || doctor.device}; ${versions}; ${Math.floor(doctor.freeDiskGb)} GB free`);
  }
}
