/** The limits of a plan as they are typed in a form. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { catalogueQuery } from '../data/catalogue.js';
import type { PlanLimit } from '../data/plans.js';
import { type Typed, toLimit } from './forms.js';

/** A limit as typed. `scope`: empty for all APIs, `group:…` or `api:…`. */
export interface TypedLimit {
  readonly key: number;
  readonly scope: string;
  readonly minute: Typed;
  readonly hour: Typed;
  readonly factor: Typed;
}

let lastKey = 0;
const emptyLimit = (): TypedLimit => ({ key: ++lastKey, scope: '', minute: '', hour: '', factor: '' });

function typed({ group, api, perMinute, perHour, factor }: PlanLimit): TypedLimit {
  const scope = api !== null ? `api:${api}` : group !== null ? `group:${group}` : '';
  return { key: ++lastKey, scope, minute: perMinute ?? '', hour: perHour ?? '', factor: factor ?? '' };
}

function toPlanLimit({ scope, minute, hour, factor }: TypedLimit): PlanLimit {
  const [kind, name = null] =
    scope === '' ? [] : [scope.slice(0, scope.indexOf(':')), scope.slice(scope.indexOf(':') + 1)];
  return {
    group: kind === 'group' ? name : null,
    api: kind === 'api' ? name : null,
    ...(factor === ''
      ? { perMinute: toLimit(minute), perHour: toLimit(hour), factor: null }
      : { perMinute: null, perHour: null, factor: Number(factor) }),
  };
}

const says = ({ minute, hour, factor }: TypedLimit): boolean => minute !== '' || hour !== '' || factor !== '';

/** `limits`: those that the form begins with. */
export function usePlanLimits(limits: readonly PlanLimit[] | undefined) {
  const [rows, setRows] = useState<readonly TypedLimit[]>(() => limits?.map(typed) ?? [emptyLimit()]);
  const catalogue = useQuery(catalogueQuery);
  return {
    rows,
    groups: catalogue.data?.groups ?? [],
    setRow: (key: number, change: Partial<TypedLimit>) =>
      setRows((now) => now.map((row) => (row.key === key ? { ...row, ...change } : row))),
    /** Replaces what is typed. */
    setLimits: (next: readonly PlanLimit[]) => setRows(next.map(typed)),
    addRow: () => setRows((now) => [...now, emptyLimit()]),
    removeRow: (key: number) => setRows((now) => now.filter((row) => row.key !== key)),
    /** Without the rows in which nothing is typed. */
    limits: rows.filter(says).map(toPlanLimit),
  };
}

export type PlanLimits = ReturnType<typeof usePlanLimits>;
