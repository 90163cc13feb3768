import { z } from 'zod';
import { SCHEMA_VERSION } from './version';

/** One file of the machine's queue: a run that waits or works. Signed, so that nobody else's file starts anything. */
export const queueEntry = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  runFolder: z.string(),
  python: z.string().meta({ description: 'Interpreter that runs the trainer.' }),
  runtime: z.string().meta({ description: 'Versioned copy of the trainer and the judge.' }),
  launcher: z.array(z.string()).meta({ description: 'Words put before the command (srun, a container).' }),
  enqueuedAt: z.string(),
  signature: z.string(),
});
export type QueueEntry = z.output<typeof queueEntry>;
