import { z } from 'zod';
import { runJsonLines } from '../files/runJsonLines';
import { trainerArguments, trainerEnvironment } from './trainerCommand';

/** What a Python says of itself (`python -m plumbline_trainer doctor --json`). */
export const doctorReport = z.object({
  python: z.string(),
  executable: z.string(),
  packages: z.record(z.string(), z.string().nullable()),
  device: z.string(),
  deviceName: z.string(),
  cuda: z.boolean(),
  mps: z.boolean(),
  bf16: z.boolean(),
  threads: z.number(),
  freeDiskGb: z.number(),
  missing: z.array(z.string()),
});
export type DoctorReport = z.output<typeof doctorReport>;

/** Asks an interpreter what it can do; throws where it cannot run the trainer at all. */
export async function preflight(python: string, trainerFolder: string): Promise<DoctorReport> {
  let report: DoctorReport | null = null;
  const options = { cwd: trainerFolder, env: trainerEnvironment() };
  await runJsonLines(python, trainerArguments('doctor', '--json'), options, (value) => { report = doctorReport.parse(value); });
  if (report === null) throw new Error(`${python} gave no report of itself.`);
  return report;
}
