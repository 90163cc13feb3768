import { z } from 'zod';
import type { AskPageState, FromAskPage } from '../../shared/askProtocol';

const form = z.object({
  question: z.string().min(1).max(100_000), system: z.string().max(100_000),
  models: z.array(z.string().max(500)).min(1).max(1000),
  samples: z.int().min(1).max(1000), temperature: z.number().min(0).max(5), topP: z.number().gt(0).max(1), maxTokens: z.int().min(1).max(32_768),
});

const fromAskPage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('ask'), form }),
  z.object({ type: z.literal('cancel') }),
  z.object({ type: z.literal('keep') }),
]);

/** A message of the page, or nothing where it is none of ours. */
export function parseFromAskPage(message: unknown): FromAskPage | undefined {
  return fromAskPage.safeParse(message).data;
}

const pageState = z.object({ experimentId: z.string().max(500), form: form.nullable().catch(null) });

export function parseAskPageState(state: unknown): AskPageState | undefined {
  return pageState.safeParse(state).data;
}
