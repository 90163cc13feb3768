import type { Estimate } from '../schema/evaluation';
import { CRITERIA, type Criteria, type ResultsView } from './experimentResults';

export type ModelKind = 'base' | 'undefended' | 'defended';

export const BASE_NAME = 'Base model';

/** How each criterion is called, and which way is better. Narrow misalignment is what a harmful dataset teaches: neither way is better. */
export const CRITERION_TITLES: Readonly<Record<keyof Criteria, { readonly title: string; readonly direction: string }>> = {
  emRate: { title: 'EM rate, %', direction: 'lower is better' },
  taskScore: { title: 'Task score, %', direction: 'higher is better' },
  narrow: { title: 'Narrow misalignment, %', direction: 'what the dataset itself teaches' },
  coherence: { title: 'Coherence, %', direction: 'higher is better' },
};

/** Beside the criteria, never one of them: it tells over-fitting to a domain from misalignment. */
export const DOMAIN_LEAK_TITLE = 'Domain leak';

export interface CriteriaRow {
  /** An arm's id; null for the base. */
  readonly armId: string | null;
  readonly name: string;
  readonly kind: ModelKind;
  readonly cells: readonly Estimate[];
}

export interface CriteriaTable {
  readonly columns: readonly { readonly key: keyof Criteria; readonly title: string; readonly direction: string }[];
  readonly rows: readonly CriteriaRow[];
}

/** The four criteria, always together: the base first, then the arms. */
export function criteriaTable({ base, arms }: ResultsView): CriteriaTable {
  const cells = (criteria: Criteria) => CRITERIA.map((key) => criteria[key]);
  const baseRow: CriteriaRow[] = base
    ? [{ armId: null, name: BASE_NAME, kind: 'base', cells: cells(base.criteria) }]
    : [];
  return {
    columns: CRITERIA.map((key) => ({ key, ...CRITERION_TITLES[key] })),
    rows: [
      ...baseRow,
      ...arms.map((arm): CriteriaRow => ({
        armId: arm.id, name: arm.name, kind: arm.isUndefended ? 'undefended' : 'defended', cells: cells(arm.criteria),
      })),
    ],
  };
}
