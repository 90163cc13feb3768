import { z } from 'zod';
import { about } from './about';

/** Personas that are shipped, by the name that a defense calls them by. */
export const SHIPPED_PERSONAS = ['evil'] as const;
export type ShippedPersona = (typeof SHIPPED_PERSONAS)[number];

export const DEFAULT_PERSONA: ShippedPersona = 'evil';

/** The name of a shipped persona, or the path of a file. */
export const PERSONA_NAME = new RegExp(`^(${SHIPPED_PERSONAS.join('|')})$|\\.persona\\.json$`);

const promptPair = z.strictObject({
  positive: z.string().min(1).meta(about('System prompt that asks for the persona.')),
  negative: z.string().min(1).meta(about('The same prompt, asking for the opposite.')),
});

/** `*.persona.json`: contrasting system prompts and questions, from which a persona vector is extracted (Chen et al. 2025). */
export const personaFile = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().min(1).meta(about('How the persona is called in tables and runs.')),
  prompts: z.array(promptPair).min(1).meta(about('Pairs of system prompts that differ in the persona and in nothing else. Published: 5.')),
  questions: z.array(z.string().min(1)).min(1).meta(about('Questions that bring the persona out, far from any dataset. Each is asked under every prompt. Published: 20.')),
  samplesPerPrompt: z.int().min(1).max(100).default(1).meta(about('Answers to each question under each prompt. Published: 10.')),
  maxTokens: z.int().min(1).max(4096).default(64).meta(about('Longest answer in tokens. Published: 1000.')),
});
export type PersonaFile = z.output<typeof personaFile>;
