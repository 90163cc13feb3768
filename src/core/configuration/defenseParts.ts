import { describeDefense, type DefenseTypeName, type ParameterRole } from '../schema/defenses';
import type { ModelReference } from '../schema/modelReference';
import type { RunPointer } from '../schema/runPointer';

/** What a parameter names: a dataset, a persona, a model. */
export interface NamedPart {
  readonly parameter: string;
  readonly role: ParameterRole;
  readonly value: string;
}

/** How parts are changed; those without a function stay. */
export interface PartChanges {
  readonly path?: (path: string) => string;
  readonly model?: (model: ModelReference) => unknown;
  readonly run?: (run: RunPointer) => unknown;
}

type AnyDefense = { readonly type: DefenseTypeName };

export const REFERENCE_ROLES = ['reference', 'feature-reference'] as const satisfies readonly ParameterRole[];
export const MODEL_ROLES = [...REFERENCE_ROLES, 'sibling'] as const;
export type ModelRole = (typeof MODEL_ROLES)[number];

/** Fields that planning adds for the run that makes what the parameter names. */
const POINTERS: Partial<Record<ParameterRole, string>> = { persona: 'vectorRun', adapters: 'gaps' };

const FILE_ROLES: readonly ParameterRole[] = ['pool', 'adapters', 'persona'];

/** The parameter of a type that has a role; no type has two of one role. */
export function parameterOf(type: DefenseTypeName, role: ParameterRole): string | undefined {
  return Object.entries(describeDefense(type).roles ?? {}).find(([, each]) => each === role)?.[0];
}

/** What the parameters of a defense that have one of the roles name; a list names each of its members. */
export function partsOf(defense: AnyDefense, ...roles: readonly ParameterRole[]): NamedPart[] {
  const values = defense as Readonly<Record<string, unknown>>;
  return Object.entries(describeDefense(defense.type).roles ?? {})
    .filter(([, role]) => roles.includes(role))
    .flatMap(([parameter, role]) => [values[parameter]].flat()
      .flatMap((value) => (typeof value === 'string' ? [{ parameter, role, value }] : [])));
}

/** The files that a defense names: datasets, and personas that are not shipped. */
export function filesOf(defense: AnyDefense): NamedPart[] {
  return partsOf(defense, ...FILE_ROLES).filter(isPath);
}

/** Whether what is named is a path, and not the name of a model or of a shipped persona. */
export function isPath({ role, value }: Pick<NamedPart, 'role' | 'value'>): boolean {
  if (role === 'persona') return value.endsWith('.persona.json');
  return (MODEL_ROLES as readonly ParameterRole[]).includes(role) ? isModelFolder(value) : FILE_ROLES.includes(role);
}

/** Whether the name of a model is the path of its folder. */
export function isModelFolder(name: string): boolean {
  return /^(\.{1,2}|~)?([/\\]|$)|^[A-Za-z]:[/\\]/.test(name);
}

/** The same defense with other paths, models or runs. */
export function changeParts<D extends AnyDefense>(defense: D, changes: PartChanges): D {
  const roles = describeDefense(defense.type).roles ?? {};
  const changed = { ...defense } as Record<string, unknown>;
  for (const [parameter, role] of Object.entries(roles)) {
    changePath(changed, parameter, role, changes.path);
    change(changed, `${parameter}Model`, changes.model);
    change(changed, POINTERS[role], changes.run);
  }
  return changed as D;
}

function changePath(defense: Record<string, unknown>, parameter: string, role: ParameterRole, path: PartChanges['path']): void {
  const one = (value: unknown) => (typeof value === 'string' && path !== undefined && isPath({ role, value }) ? path(value) : value);
  const value = defense[parameter];
  if (value !== undefined) defense[parameter] = Array.isArray(value) ? value.map(one) : one(value);
}

function change<T>(defense: Record<string, unknown>, field: string | undefined, by: ((value: T) => unknown) | undefined): void {
  if (field !== undefined && by !== undefined && defense[field] !== undefined) defense[field] = by(defense[field] as T);
}

/** The runs whose results a planned defense uses. */
export function pointersOf(defense: AnyDefense): RunPointer[] {
  const found: RunPointer[] = [];
  changeParts(defense, { run: (run) => found.push(run) });
  return found;
}
