import { z } from 'zod';
import { errorClass } from './events';
import { SCHEMA_VERSION } from './version';

/** A process that cannot be mistaken for another: machine, boot, pid and start time, signed with the machine's secret. */
export const processIdentity = z.strictObject({
  host: z.string(),
  bootId: z.string(),
  pid: z.int(),
  startTime: z.string(),
  signature: z.string(),
});
export type ProcessIdentity = z.output<typeof processIdentity>;

export const RUN_STATES = ['queued', 'preparing', 'training', 'evaluating', 'done', 'failed', 'cancelled', 'interrupted'] as const;
export type RunStateName = (typeof RUN_STATES)[number];

export const LIVE_STATES: readonly RunStateName[] = ['preparing', 'training', 'evaluating'];
export const ENDED_STATES: readonly RunStateName[] = ['done', 'failed', 'cancelled', 'interrupted'];

/** state.json, written by the queue runner alone, by rename. No file means `queued`. */
export const runState = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  state: z.enum(RUN_STATES).exclude(['queued']),
  attempt: z.int().min(1),
  device: z.string(),
  runner: processIdentity,
  trainer: processIdentity.nullable(),
  heartbeatAt: z.string().nullable(),
  updatedAt: z.string(),
  error: z.strictObject({ class: errorClass, message: z.string(), hint: z.string() }).nullable(),
});
export type RunState = z.output<typeof runState>;
