/** What is typed in the form, and the change that it makes. */
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Changed, changeOverride, expireOverride, type Override, restoreOverride } from '../../data/overrides.js';
import { useReload } from '../../data/reload.js';
import { expiresAtOf } from '../../ui/expiry-choice.js';
import { type Typed, toLimit, useReason } from '../../ui/forms.js';

type Action = 'change' | 'expire' | 'restore';

interface Save {
  readonly action: Action;
  readonly allowLowering: boolean;
}

const DONE: Readonly<Record<Action, string>> = { change: 'changed', expire: 'expired', restore: 'restored' };

/** The choice that leaves the expiry as it is. */
export const KEEP_EXPIRY = 'keep';

/** What the override sets: a change of it sets the same. */
function kindOf({ factor, extraMinute, extraHour }: Override): 'limits' | 'factor' | 'extra' {
  if ((extraMinute ?? extraHour) !== null) return 'extra';
  return factor === null ? 'limits' : 'factor';
}

export function useOverrideForm(override: Override) {
  const reload = useReload();
  const isExpired = override.state === 'expired';
  const kind = kindOf(override);
  const [minute, setMinute] = useState<Typed>(override.perMinute ?? '');
  const [hour, setHour] = useState<Typed>(override.perHour ?? '');
  const [extraMinute, setExtraMinute] = useState<Typed>(override.extraMinute ?? '');
  const [extraHour, setExtraHour] = useState<Typed>(override.extraHour ?? '');
  const [factor, setFactor] = useState<Typed>(override.factor ?? '');
  const [expiry, setExpiry] = useState(isExpired ? '24' : KEEP_EXPIRY);
  const reason = useReason();
  const save = useMutation({
    mutationFn: ({ action, allowLowering }: Save): Promise<Changed> => {
      if (action === 'expire') return expireOverride(override, reason.text);
      const same = { reason: reason.text, allowLowering };
      if (action === 'restore') return restoreOverride(override, { ...same, expiresAt: expiresAtOf(expiry) });
      const until = expiry === KEEP_EXPIRY ? {} : { expiresAt: expiresAtOf(expiry) };
      const limits = {
        limits: () => ({ perMinute: toLimit(minute), perHour: toLimit(hour) }),
        factor: () => ({ factor: Number(factor) }),
        extra: () => ({ extraMinute: toLimit(extraMinute), extraHour: toLimit(extraHour) }),
      };
      return changeOverride(override, { ...limits[kind](), ...until, ...same });
    },
    onSuccess: (_, { action }) => {
      notifications.show({
        color: 'green',
        title: `${override.id} ${DONE[action]}`,
        message: 'In force on every instance within 2 s.',
      });
      reload();
    },
  });
  const submit = (action: Action) => (event: FormEvent) => {
    event.preventDefault();
    if (reason.check()) save.mutate({ action, allowLowering: false });
  };
  return {
    isExpired,
    kind,
    limits: { minute, hour, onMinute: setMinute, onHour: setHour },
    factor: { value: factor, onChange: setFactor },
    extra: { minute: extraMinute, hour: extraHour, onMinute: setExtraMinute, onHour: setExtraHour },
    expiry: { value: expiry, onChange: setExpiry },
    reason,
    save,
    submit,
    lower: () => save.mutate({ action: isExpired ? 'restore' : 'change', allowLowering: true }),
  };
}
