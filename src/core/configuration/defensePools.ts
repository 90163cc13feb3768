import { describeDefense, type DefenseTypeName } from '../schema/defenses';

interface Pool {
  readonly parameter: string;
  readonly path: string;
}

type AnyDefense = { readonly type: DefenseTypeName };

/** The dataset files that a defense draws rows from. */
export function poolsOf(defense: AnyDefense): Pool[] {
  const values = defense as Readonly<Record<string, unknown>>;
  return (describeDefense(defense.type).pools ?? []).flatMap((parameter) => {
    const paths = [values[parameter]].flat();
    return paths.flatMap((path) => (typeof path === 'string' ? [{ parameter, path }] : []));
  });
}

/** The same defense with another path for each of its pools. */
export function withPoolPaths<D extends AnyDefense>(defense: D, change: (path: string) => string): D {
  const values = defense as Readonly<Record<string, unknown>>;
  const changed = poolsOf(defense).map(({ parameter }) => {
    const value = values[parameter];
    return [parameter, Array.isArray(value) ? value.map((path: string) => change(path)) : change(value as string)];
  });
  return { ...defense, ...Object.fromEntries(changed) as Partial<D> };
}
