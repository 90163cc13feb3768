import { z } from 'zod';

/** A run of this store whose result another run uses. */
export const runPointer = z.strictObject({ experimentId: z.string(), runId: z.string() });
export type RunPointer = z.output<typeof runPointer>;
