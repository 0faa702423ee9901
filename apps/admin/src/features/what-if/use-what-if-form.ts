/** What is typed in the form, and the question that it asks. */
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { catalogueQuery } from '../../data/catalogue.js';
import { type PlanLimit, plansQuery } from '../../data/plans.js';
import { useMay } from '../../data/session.js';
import { useServerNow } from '../../lib/clock.js';
import { inHours } from '../../lib/format.js';
import { fromValues, toValues } from '../../lib/search.js';
import type { Typed } from '../../ui/forms.js';
import { usePlanLimits } from '../../ui/use-plan-limits.js';
import { type Kind, kindOf, type WhatIfSearch } from './question.js';
import type { WhatIfScreen } from './use-what-if-screen.js';

/** `scope`: empty for all APIs, `group:…` or `api:…`. `span`: hours, or the time from which on. */
interface FormValues {
  readonly change: Kind;
  readonly scope: string;
  readonly account: string;
  readonly values: Readonly<Record<string, string>>;
  readonly plan: string;
  readonly minute: Typed;
  readonly hour: Typed;
  readonly factor: Typed;
  readonly extraMinute: Typed;
  readonly extraHour: Typed;
  readonly span: string;
}

function valuesOf(search: WhatIfSearch): FormValues {
  const { api, group, account = '', plan = '', perMinute = '', perHour = '', since = '' } = search;
  return {
    change: kindOf(search),
    scope: api !== undefined ? `api:${api}` : group !== undefined ? `group:${group}` : '',
    account,
    values: fromValues(search.for),
    plan,
    minute: perMinute,
    hour: perHour,
    factor: search.factor ?? '',
    extraMinute: search.extraMinute ?? '',
    extraHour: search.extraHour ?? '',
    span: since,
  };
}

export function useWhatIfForm({ search, ask }: Pick<WhatIfScreen, 'search' | 'ask'>) {
  const [values, setValues] = useState(() => valuesOf(search));
  const now = useServerNow();
  const mayReadPlans = useMay()('plans.read');
  const plans = useQuery({ ...plansQuery, enabled: mayReadPlans });
  const groups = useQuery(catalogueQuery).data?.groups ?? [];
  const limits = usePlanLimits(search.limits === undefined ? undefined : readLimits(search.limits));
  const set = (change: Partial<FormValues>) => setValues((before) => ({ ...before, ...change }));
  const api = groups.flatMap(({ apis }) => apis).find((one) => values.scope === `api:${one.api}`);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask(searchOf(values, { limits: limits.limits, now, override: search.override }));
  };
  return {
    values,
    set,
    groups,
    plans: plans.data?.items ?? [],
    mayReadPlans,
    limits,
    /** The dimensions that one subject of the chosen API has. */
    dimensions: (api?.level ?? []).filter((name) => name !== 'account'),
    /** A stored override keeps its scope. */
    override: search.override,
    submit,
  };
}

export type WhatIfForm = ReturnType<typeof useWhatIfForm>;

function readLimits(text: string): PlanLimit[] | undefined {
  try {
    const read = JSON.parse(text) as Partial<PlanLimit>[];
    const none = { group: null, api: null, perMinute: null, perHour: null, factor: null };
    return read.map((limit) => ({ ...none, ...limit }));
  } catch {
    return undefined;
  }
}

const text = (typed: Typed): string | undefined => (typed === '' ? undefined : String(typed));

interface Rest {
  readonly limits: readonly PlanLimit[];
  /** Unix ms. */
  readonly now: number;
  readonly override: string | undefined;
}

/** An override has limits, a factor or extra units, and a default only limits. */
export function kindOfLimits({ change, factor, extraMinute, extraHour }: FormValues): 'limits' | 'factor' | 'extra' {
  if (change !== 'override') return 'limits';
  if (factor !== '') return 'factor';
  return extraMinute !== '' || extraHour !== '' ? 'extra' : 'limits';
}

function limitsOf(values: FormValues): WhatIfSearch {
  const kind = kindOfLimits(values);
  if (kind === 'factor') return { factor: text(values.factor) };
  if (kind === 'extra') return { extraMinute: text(values.extraMinute), extraHour: text(values.extraHour) };
  return { perMinute: text(values.minute), perHour: text(values.hour) };
}

function searchOf(values: FormValues, { limits, now, override }: Rest): WhatIfSearch {
  const { change, span } = values;
  const since = /^\d+$/.test(span) ? inHours(-Number(span), now) : span || undefined;
  if (change === 'plan') return { change, plan: values.plan, limits: JSON.stringify(limits), since };
  const set = limitsOf(values);
  if (change === 'override' && override !== undefined) return { change, override, ...set, since };
  const name = values.scope.slice(values.scope.indexOf(':') + 1);
  const scope = values.scope.startsWith('api:')
    ? { api: name }
    : values.scope.startsWith('group:')
      ? { group: name }
      : {};
  if (change === 'default') return { change, ...scope, ...set, since };
  const named = Object.entries(values.values).filter(([, value]) => value.trim() !== '');
  const subject = scope.api === undefined || named.length === 0 ? undefined : toValues(Object.fromEntries(named));
  return { change, account: values.account.trim(), ...scope, for: subject, ...set, since };
}
