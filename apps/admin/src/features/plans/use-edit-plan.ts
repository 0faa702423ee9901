/** What is typed in the dialog of a plan, what it would change, and saving it. */
import { notifications } from '@mantine/notifications';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { changePlan, createPlan, type Plan, planPreviewQuery } from '../../data/plans.js';
import { useReason } from '../../ui/forms.js';
import { usePlanLimits } from '../../ui/use-plan-limits.js';

export function useEditPlan(plan: Plan | undefined, onSaved: () => void) {
  const [id, setId] = useState(plan?.id ?? '');
  const [title, setTitle] = useState(plan?.title ?? '');
  const [description, setDescription] = useState(plan?.description ?? '');
  const rows = usePlanLimits(plan?.limits);
  const { limits } = rows;
  const reason = useReason();
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
    preview,
    reason,
    save,
    submit,
  };
}

export type PlanForm = ReturnType<typeof useEditPlan>;
