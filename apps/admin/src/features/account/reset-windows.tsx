/** Empties both windows of one subject, after saying what that forgives. */
import { Button, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { resetWindows, type Usage } from '../../data/accounts.js';
import { useReload } from '../../data/reload.js';
import { countedTitle, many, named, subjectText, WINDOWS } from '../../lib/format.js';
import { DialogButtons } from '../../ui/dialog-buttons.js';
import { ReasonField, TicketField, useReason } from '../../ui/forms.js';
import { ErrorNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';

export interface ResetWindowsProps {
  readonly account: string;
  readonly usage: Usage;
}

export function ResetWindows({ account, usage }: ResetWindowsProps) {
  const [opened, setOpened] = useState(false);
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => setOpened(true)}
        aria-label={`Reset windows of ${countedTitle(usage)}, ${usage.subject}`}
      >
        Reset windows
      </Button>
      {opened && <ResetDialog account={account} usage={usage} onClose={() => setOpened(false)} />}
    </>
  );
}

function ResetDialog({ account, usage, onClose }: ResetWindowsProps & { onClose: () => void }) {
  // The gauges move on; the dialog keeps whose windows it is about.
  const [{ api, dimensions, windows }] = useState(usage);
  const reason = useReason();
  const [ticket, setTicket] = useState('');
  const reload = useReload();
  const reset = useMutation({
    mutationFn: () => {
      const subject = Object.keys(dimensions).length === 0 ? {} : { dimensions };
      return resetWindows(account, { api, ...subject, reason: reason.text, ticket: ticket.trim() || null });
    },
    onSuccess: ({ minuteUsed, hourUsed }) => {
      onClose();
      reload();
      notifications.show({
        color: 'green',
        title: 'Windows reset',
        message: `${many(minuteUsed, 'unit')} in ${WINDOWS.minute} and ${many(hourUsed, 'unit')} in ${WINDOWS.hour} are forgiven. Calls are allowed within 2 s.`,
      });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.check()) reset.mutate();
  };
  return (
    <Dialog title={`Reset windows for ${named(account)}?`} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text size="sm">
            Both windows of {countedTitle(usage)}, {subjectText(dimensions)}, start again at 0. This forgives{' '}
            {many(windows.minute.used, 'unit')} in {WINDOWS.minute} and {many(windows.hour.used, 'unit')} in{' '}
            {WINDOWS.hour}. The limits stay, and so does the usage on record. A reset can’t be undone.
          </Text>
          <ReasonField {...reason.field} autoFocus />
          <TicketField value={ticket} onChange={setTicket} />
          {reset.error !== null && <ErrorNote error={reset.error} title="Not reset" />}
          <DialogButtons onClose={onClose} submit="Reset windows" saving={reset.isPending} />
        </Stack>
      </form>
    </Dialog>
  );
}
