import { installEnvironment } from '../../core/environment/installEnvironment';
import type { CliContext } from '../context';
import { note, print, printJson } from '../output';

/** Builds Plumbline's own Python environment, or finds it built. */
export async function environmentInstall(context: CliContext): Promise<void> {
  const python = await installEnvironment({ machine: await context.machine(), distFolder: context.distFolder, onProgress: note });
  if (context.json) printJson({ python });
  else print(python);
}
