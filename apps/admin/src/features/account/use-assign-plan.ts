/** Assigning a plan to an account, or ending one that it has or will have. */
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Assignment, assignmentPreviewQuery, assignPlan, endPlan, plansQuery } from '../../data/plans.js';
import { useSession } from '../../data/session.js';
import { serverNow } from '../../lib/clock.js';
import { inHours } from '../../lib/format.js';
import { NEVER } from '../../ui/expiry-choice.js';
import { useReason } from '../../ui/forms.js';
import { startsAtOf } from '../../ui/start-choice.js';

export interface AssignPlanProps {
  readonly account: string;
  /** The assignments in force or scheduled. */
  readonly open: readonly Assignment[];
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

/** The time that many hours after the start; null: no end. */
function endsAtOf(choice: string, startsAt: string | undefined): string | null {
  if (choice === NEVER) return null;
  return inHours(Number(choice), startsAt === undefined ? serverNow() : Date.parse(startsAt));
}

export function useAssignPlan({ account, open, onSaved }: AssignPlanProps) {
  const mayBeEndless = useSession().ceilings?.days === null;
  const plans = useQuery(plansQuery);
  const [plan, setPlan] = useState<string | null>(null);
  const [later, setLater] = useState(false);
  const [start, setStart] = useState('');
  const [ends, setEnds] = useState(mayBeEndless ? NEVER : '720');
  const [ending, setEnding] = useState<Assignment>();
  const reason = useReason();
  const startsAt = startsAtOf({ later, value: start });
  const ready = plan !== null && (!later || startsAt !== undefined);
  const wanted = { plan: plan ?? '', ...(startsAt === undefined ? {} : { startsAt }) };
  const preview = useQuery({ ...assignmentPreviewQuery(account, wanted), enabled: ready });
  const save = useMutation({
    mutationFn: async ({ end, allowLowering }: { end: Assignment | undefined; allowLowering: boolean }) => {
      const given = { reason: reason.text, allowLowering };
      if (end !== undefined) return await endPlan(end, given);
      return await assignPlan(account, { ...wanted, endsAt: endsAtOf(ends, startsAt), ...given });
    },
    onSuccess: (_, { end }) => {
      const title = end === undefined ? 'Plan assigned' : end.state === 'inForce' ? 'Plan ended' : 'Plan canceled';
      const message =
        end === undefined && startsAt !== undefined
          ? 'It starts on every instance at its time.'
          : 'In force on every instance within 2 s.';
      notifications.show({ color: 'green', title, message });
      onSaved();
    },
  });
  const end = (one: Assignment) => {
    setEnding(one);
    if (reason.check()) save.mutate({ end: one, allowLowering: false });
  };
  const assign = (event: FormEvent) => {
    event.preventDefault();
    setEnding(undefined);
    if (reason.check() && ready) save.mutate({ end: undefined, allowLowering: false });
  };
  return {
    choices: (plans.data?.items ?? [])
      .filter(({ retiredAt }) => retiredAt === null)
      .map(({ id, title }) => ({ value: id, label: title })),
    plan,
    setPlan,
    starts: { value: start, onChange: setStart, later, onLater: setLater },
    ends: { value: ends, onChange: setEnds, mayBeNever: mayBeEndless },
    open,
    preview,
    ready,
    reason,
    save,
    assign,
    end,
    lower: () => save.mutate({ end: ending, allowLowering: true }),
  };
}
