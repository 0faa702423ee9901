/** Assigning a plan to an account, or ending the one that it has. */
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Assignment, assignPlan, endPlan, plansQuery } from '../../data/plans.js';
import { useSession } from '../../data/session.js';
import { expiresAtOf, NEVER } from '../../ui/expiry-choice.js';
import { useReason } from '../../ui/forms.js';

export interface AssignPlanProps {
  readonly account: string;
  readonly current: Assignment | null;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

export function useAssignPlan({ account, current, onSaved }: AssignPlanProps) {
  const { ceilings } = useSession();
  const mayBeEndless = ceilings?.days === null;
  const plans = useQuery(plansQuery);
  const [plan, setPlan] = useState<string | null>(null);
  const [ends, setEnds] = useState(mayBeEndless ? NEVER : '720');
  const [ending, setEnding] = useState(false);
  const reason = useReason();
  const save = useMutation({
    mutationFn: async ({ end, allowLowering }: { end: boolean; allowLowering: boolean }) => {
      if (end && current !== null) return await endPlan(current, { reason: reason.text, allowLowering });
      return await assignPlan(account, {
        plan: plan ?? '',
        endsAt: expiresAtOf(ends),
        reason: reason.text,
        allowLowering,
      });
    },
    onSuccess: (_, { end }) => {
      const message = 'In force on every instance within 2 s.';
      notifications.show({ color: 'green', title: end ? 'Plan ended' : 'Plan assigned', message });
      onSaved();
    },
  });
  const submit = (end: boolean) => (event?: FormEvent) => {
    event?.preventDefault();
    setEnding(end);
    if (reason.check() && (end || plan !== null)) save.mutate({ end, allowLowering: false });
  };
  return {
    choices: (plans.data?.items ?? [])
      .filter(({ retiredAt }) => retiredAt === null)
      .map(({ id, title }) => ({ value: id, label: title })),
    plan,
    setPlan,
    ends: { value: ends, onChange: setEnds, mayBeNever: mayBeEndless },
    reason,
    save,
    submit,
    lower: () => save.mutate({ end: ending, allowLowering: true }),
  };
}
