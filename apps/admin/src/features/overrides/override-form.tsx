import { Button, Divider, Group, Stack } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiError } from '../../api/client.js';
import { type Changed, changeOverride, expireOverride, type Override, restoreOverride } from '../../data/overrides.js';
import { useSession } from '../../data/session.js';
import { serverNow } from '../../lib/clock.js';
import { inHours } from '../../lib/format.js';
import { Choice, FactorField, LimitFields, ReasonField, type Typed, toLimit } from '../../ui/forms.js';
import { LoweringNote, loweringOf } from '../../ui/lowering.js';
import { SaveNote } from '../../ui/notes.js';

export interface OverrideFormProps {
  readonly override: Override;
  readonly onChanged: () => void;
  readonly onReload: () => void;
}

type What = 'change' | 'expire' | 'restore';

interface Save {
  readonly what: What;
  readonly allowLowering: boolean;
}

const DONE: Readonly<Record<What, string>> = { change: 'changed', expire: 'ended', restore: 'in force again' };

export function OverrideForm({ override, onChanged, onReload }: OverrideFormProps) {
  const { ceilings } = useSession();
  const expired = override.state === 'expired';
  const [minute, setMinute] = useState<Typed>(override.perMinute ?? '');
  const [hour, setHour] = useState<Typed>(override.perHour ?? '');
  const [factor, setFactor] = useState<Typed>(override.factor ?? '');
  const [expiry, setExpiry] = useState(expired ? '24' : 'same');
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const expiresAt = () => (expiry === 'permanent' ? null : inHours(Number(expiry), serverNow()));
  const save = useMutation({
    mutationFn: ({ what, allowLowering }: Save): Promise<Changed> => {
      const why = reason.trim();
      if (what === 'expire') return expireOverride(override, why);
      if (what === 'restore') return restoreOverride(override, { reason: why, expiresAt: expiresAt(), allowLowering });
      const until = expiry === 'same' ? {} : { expiresAt: expiresAt() };
      const limits =
        override.factor === null ? { perMinute: toLimit(minute), perHour: toLimit(hour) } : { factor: Number(factor) };
      return changeOverride(override, { ...limits, ...until, reason: why, allowLowering });
    },
    onSuccess: (_, { what }) => {
      notifications.show({
        color: 'green',
        title: `${override.id} ${DONE[what]}`,
        message: 'On every instance within 2 s.',
      });
      onChanged();
    },
  });
  const submit = (what: What) => (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim() === '') setMissing(true);
    else save.mutate({ what, allowLowering: false });
  };
  const lowering = loweringOf(save.error);
  const moved =
    lowering === undefined &&
    save.error instanceof ApiError &&
    (save.error.status === 412 || save.error.status === 409);
  return (
    <form onSubmit={submit(expired ? 'restore' : 'change')} noValidate>
      <Divider label={expired ? 'Restore' : 'Change'} mb="sm" />
      <Stack>
        {!expired &&
          (override.factor === null ? (
            <LimitFields minute={minute} hour={hour} onMinute={setMinute} onHour={setHour} />
          ) : (
            <FactorField value={factor} onChange={setFactor} />
          ))}
        <Choice
          id="override-expiry"
          label={expired ? 'Expires after' : 'Expires, counted from now'}
          value={expiry}
          onChange={setExpiry}
          data={[
            ...(expired ? [] : [{ label: 'as it is', value: 'same' }]),
            { label: '1 h', value: '1' },
            { label: '24 h', value: '24' },
            { label: '7 d', value: '168' },
            { label: '30 d', value: '720' },
            ...(ceilings?.days === null ? [{ label: 'permanent', value: 'permanent' }] : []),
          ]}
        />
        <ReasonField value={reason} onChange={setReason} missing={missing} />
        {lowering === undefined ? (
          <SaveNote error={save.error} moved={moved} onReload={onReload} />
        ) : (
          <LoweringNote
            items={lowering}
            saving={save.isPending}
            onLower={() => save.mutate({ what: expired ? 'restore' : 'change', allowLowering: true })}
          />
        )}
        <Group justify="flex-end">
          {!expired && (
            <Button color="red" variant="outline" loading={save.isPending} onClick={submit('expire')}>
              End it now
            </Button>
          )}
          <Button type="submit" loading={save.isPending}>
            {expired ? 'Restore' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
