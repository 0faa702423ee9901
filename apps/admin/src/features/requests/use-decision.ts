/** What is typed in the dialog, and the decision that it saves. */
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { approveRequest, declineRequest, type LimitRequest } from '../../data/requests.js';
import { expiresAtOf } from '../../ui/expiry-choice.js';
import { type Typed, typedLimits, useReason } from '../../ui/forms.js';
import type { Decision } from './use-requests-screen.js';

/** The choice that takes the end that the request asks for. */
export const AS_REQUESTED = 'requested';

interface Deciding {
  readonly request: LimitRequest;
  readonly decision: Decision;
  readonly onDone: () => void;
}

export function useDecision({ request, decision, onDone }: Deciding) {
  const [minute, setMinute] = useState<Typed>(request.perMinute ?? '');
  const [hour, setHour] = useState<Typed>(request.perHour ?? '');
  const [factor, setFactor] = useState<Typed>(request.factor ?? '');
  const [expiry, setExpiry] = useState(request.pastDue ? '24' : AS_REQUESTED);
  const [answer, setAnswer] = useState('');
  const reason = useReason();
  const approve = (allowLowering: boolean) =>
    approveRequest(request, {
      ...(request.factor === null ? typedLimits({ minute, hour }) : { factor: Number(factor) }),
      allowLowering,
      ...(expiry === AS_REQUESTED ? {} : { expiresAt: expiresAtOf(expiry) }),
      answer: answer.trim() || null,
    });
  const decide = useMutation({
    mutationFn: (allowLowering: boolean) =>
      decision === 'approve' ? approve(allowLowering) : declineRequest(request, reason.text),
    onSuccess: ({ request: { id, overrideId } }) => {
      notifications.show(
        decision === 'approve'
          ? { color: 'green', title: `${id} approved`, message: `Override ${overrideId} is in force within 2 s.` }
          : { color: 'gray', title: `${id} declined`, message: 'The customer can read your reason.' },
      );
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (decision === 'approve' || reason.check()) decide.mutate(false);
  };
  return {
    limits: { minute, hour, onMinute: setMinute, onHour: setHour },
    factor: { value: factor, onChange: setFactor },
    expiry: { value: expiry, onChange: setExpiry },
    answer: { value: answer, onChange: setAnswer },
    reason,
    decide,
    submit,
  };
}

export type DecisionForm = ReturnType<typeof useDecision>;
