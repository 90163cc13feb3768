import { basename, extname } from 'node:path';
import { DEFENSE_TYPES, type DefenseTypeName, type ResolvedDefense } from '../schema/defenses';

/** How the arm without a defense is called. */
export const UNDEFENDED = 'Undefended';

interface NameParts {
  readonly label: string;
  /** The parameter that says how strong the defense is: always part of the name. */
  readonly strength: string | null;
}

const NAME_PARTS: Readonly<Record<DefenseTypeName, NameParts>> = {
  none: { label: UNDEFENDED, strength: null },
  kl: { label: 'KL', strength: 'weight' },
  interleave: { label: 'Interleave', strength: 'share' },
};

/** A name for a defense: its strength, and whatever else is swept or not as by default. */
export function nameDefense(defense: ResolvedDefense, swept: ReadonlySet<string>): string {
  const { label, strength } = NAME_PARTS[defense.type];
  const others = Object.keys(DEFENSE_TYPES[defense.type].parameters)
    .filter((parameter) => parameter !== strength && (swept.has(parameter) || differsFromDefault(defense, parameter)));
  return [label, ...(strength ? [strength] : []), ...others]
    .map((part, index) => (index === 0 ? part : parameterText(defense, part)))
    .join(' ');
}

/** The values that tell an arm from the others made of the same list: "0.1", or "0.1, response". */
export function nameSweptValues(defense: ResolvedDefense, swept: ReadonlySet<string>): string[] {
  return [...swept].map((parameter) => parameterText(defense, parameter));
}

function parameterText(defense: ResolvedDefense, parameter: string): string {
  const value: unknown = (defense as Record<string, unknown>)[parameter];
  if (parameter === 'share' && typeof value === 'number') {
    return `${Number((value * 100).toPrecision(12))} %`;
  }
  return parameter === 'pool' ? basename(String(value), extname(String(value))) : String(value);
}

function differsFromDefault(defense: ResolvedDefense, parameter: string): boolean {
  const schemas: Record<string, { safeParse(value: unknown): { success: boolean; data?: unknown } } | undefined> = DEFENSE_TYPES[defense.type].parameters;
  const byDefault = schemas[parameter]?.safeParse(undefined);
  return byDefault?.success === true && byDefault.data !== (defense as Record<string, unknown>)[parameter];
}
