import { Alert, Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useSession } from '../../data/session.js';
import { changeOwnPassword } from '../../data/staff.js';
import { ErrorNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';
import { WaitNote, waitSecondsOf } from './wait-note.js';

const SHOWS = { visibilityToggleButtonProps: { 'aria-label': 'Show the password' } };

/** Of who is signed in. */
export function ChangePassword({ onClose }: { onClose: () => void }) {
  const { staff } = useSession();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const change = useMutation({
    mutationFn: () => changeOwnPassword({ current, password }),
    onSuccess: () => {
      notifications.show({
        title: 'Password changed',
        message: 'Wherever else you were signed in, you are not any more.',
      });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  return (
    <Dialog title="Change your password" onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          <input type="hidden" name="username" autoComplete="username" value={staff.login} readOnly />
          <PasswordInput
            label="Current password"
            autoComplete="current-password"
            required
            value={current}
            onChange={({ currentTarget }) => setCurrent(currentTarget.value)}
            data-autofocus
            {...SHOWS}
          />
          <PasswordInput
            label="New password"
            description="12 characters or more: some words that have nothing to do with each other."
            autoComplete="new-password"
            required
            value={password}
            onChange={({ currentTarget }) => setPassword(currentTarget.value)}
            {...SHOWS}
          />
          {change.error !== null && <NotChanged key={change.submittedAt} error={change.error} />}
          <Text size="sm" c="dimmed">
            Your sessions elsewhere end.
          </Text>
          <Group justify="flex-end">
            <Button type="submit" loading={change.isPending}>
              Change
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function NotChanged({ error }: { error: Error }) {
  const seconds = waitSecondsOf(error);
  if (seconds === undefined) return <ErrorNote error={error} title="Not changed" />;
  return (
    <Alert color="red" role="alert" title="Not changed">
      <WaitNote seconds={seconds} />
    </Alert>
  );
}
