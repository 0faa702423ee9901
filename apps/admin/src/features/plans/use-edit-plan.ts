/** What is typed in the dialog of a plan, what it would change, and saving it. */
import { notifications } from '@mantine/notifications';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { catalogueQuery } from '../../data/catalogue.js';
import { changePlan, createPlan, type Plan, type PlanLimit, planPreviewQuery } from '../../data/plans.js';
import { type Typed, toLimit, useReason } from '../../ui/forms.js';

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

export function useEditPlan(plan: Plan | undefined, onSaved: () => void) {
  const [id, setId] = useState(plan?.id ?? '');
  const [title, setTitle] = useState(plan?.title ?? '');
  const [description, setDescription] = useState(plan?.description ?? '');
  const [rows, setRows] = useState<readonly TypedLimit[]>(() => plan?.limits.map(typed) ?? [emptyLimit()]);
  const reason = useReason();
  const catalogue = useQuery(catalogueQuery);
  const limits = rows.filter(says).map(toPlanLimit);
  const preview = useQuery({ ...planPreviewQuery(id.trim() || 'new', limits), placeholderData: keepPreviousData });
  const given = { title: title.trim() || id.trim(), description, limits, reason: reason.text };
  const save = useMutation({
    mutationFn: (change: { allowLowering?: boolean; retired?: boolean }) =>
      plan === undefined ? createPlan({ id: id.trim(), ...given }) : changePlan(plan, { ...given, ...change }),
    onSuccess: () => {
      notifications.show({
        color: 'green',
        title: `Plan ${given.title} saved`,
        message: 'In force on every instance within 2 s.',
      });
      onSaved();
    },
  });
  const submit = (change: { allowLowering?: boolean; retired?: boolean }) => (event?: FormEvent) => {
    event?.preventDefault();
    if (reason.check()) save.mutate(change);
  };
  return {
    fields: { id, setId, title, setTitle, description, setDescription },
    rows,
    groups: catalogue.data?.groups ?? [],
    setRow: (key: number, change: Partial<TypedLimit>) =>
      setRows((now) => now.map((row) => (row.key === key ? { ...row, ...change } : row))),
    addRow: () => setRows((now) => [...now, emptyLimit()]),
    removeRow: (key: number) => setRows((now) => now.filter((row) => row.key !== key)),
    preview,
    reason,
    save,
    submit,
  };
}

export type PlanForm = ReturnType<typeof useEditPlan>;
