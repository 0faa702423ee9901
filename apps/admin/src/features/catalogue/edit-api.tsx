import { Button, Group, Stack, Switch, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiError } from '../../api/client.js';
import { type Api, changeApi } from '../../data/catalogue.js';
import { LimitFields, ReasonField, type Typed, toLimit } from '../../ui/forms.js';
import { LoweringNote, loweringOf } from '../../ui/lowering.js';
import { SaveNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';
import { Limits } from '../../ui/small.js';

export interface EditApiProps {
  readonly api: Api;
  readonly onClose: () => void;
  readonly onSaved: () => void;
  readonly onReload: () => void;
}

export function EditApi({ api, onClose, onSaved, onReload }: EditApiProps) {
  const { limits, shipped } = api;
  const [minute, setMinute] = useState<Typed>(limits.perMinute === shipped.perMinute ? '' : limits.perMinute);
  const [hour, setHour] = useState<Typed>(limits.perHour === shipped.perHour ? '' : limits.perHour);
  const [shadow, setShadow] = useState(api.shadow);
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const save = useMutation({
    mutationFn: (allowLowering: boolean) =>
      changeApi(api, {
        allowLowering,
        perMinute: toLimit(minute),
        perHour: toLimit(hour),
        ...(shadow === api.shadow ? {} : { shadow }),
        reason: reason.trim(),
      }),
    onSuccess: () => {
      notifications.show({ color: 'green', title: `${api.title} changed`, message: 'On every instance within 2 s.' });
      onSaved();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim() === '') setMissing(true);
    else save.mutate(false);
  };
  const lowering = loweringOf(save.error);
  const moved = save.error instanceof ApiError && save.error.status === 412;
  return (
    <Dialog title={`Default limits of ${api.title}`} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text size="sm">
            Shipped with <Limits {...shipped} />. They hold for every account without an override.
          </Text>
          <LimitFields minute={minute} hour={hour} onMinute={setMinute} onHour={setHour} empty="as shipped" />
          <Switch
            label="Shadow"
            description="Calls above the limit are let through and recorded as shadow."
            checked={shadow}
            onChange={({ currentTarget }) => setShadow(currentTarget.checked)}
          />
          <ReasonField value={reason} onChange={setReason} missing={missing} autoFocus />
          {lowering === undefined ? (
            <SaveNote error={save.error} moved={moved} onReload={onReload} />
          ) : (
            <LoweringNote items={lowering} saving={save.isPending} onLower={() => save.mutate(true)} />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
