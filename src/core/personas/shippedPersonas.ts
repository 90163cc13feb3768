import { personaFile, type PersonaFile, type ShippedPersona } from '../schema/personaFile';
import evil from './evil.json';

/** The personas that come with the product. */
export const shippedPersonas: Readonly<Record<ShippedPersona, PersonaFile>> = { evil: personaFile.parse(evil) };
