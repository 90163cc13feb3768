import { basename, extname } from 'node:path';
import { DEFENSE_TYPES, describeDefense, type ResolvedDefense } from '../schema/defenses';
import { poolsOf } from './defensePools';

/** How the arm without a defense is called. */
export const UNDEFENDED = DEFENSE_TYPES.none.label;

/** A name for a defense: its strength, and whatever else is swept or not as by default. */
export function nameDefense(defense: ResolvedDefense, swept: ReadonlySet<string>): string {
  const { label, strength, parameters } = describeDefense(defense.type);
  const others = Object.keys(parameters)
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
  return poolsOf(defense).some((pool) => pool.parameter === parameter) ? fileNames(value) : String(value);
}

function differsFromDefault(defense: ResolvedDefense, parameter: string): boolean {
  const byDefault = describeDefense(defense.type).parameters[parameter]?.safeParse(undefined);
  return byDefault?.success === true && byDefault.data !== (defense as Record<string, unknown>)[parameter];
}

function fileNames(paths: unknown): string {
  return [paths].flat().map((path) => basename(String(path), extname(String(path)))).join(' and ');
}
