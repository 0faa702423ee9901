import { Alert, Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useSession } from '../../data/session.js';
import { changeOwnPassword } from '../../data/staff.js';
import { ErrorNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';
import { WaitNote, waitSecondsOf } from './wait-note.js';

const COMMON = { required: true, visibilityToggleButtonProps: { 'aria-label': 'Show the password' } };

/** Changes the password of the signed-in person. */
export function ChangePassword({ onClose }: { onClose: () => void }) {
  const { staff } = useSession();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const change = useMutation({
    mutationFn: () => changeOwnPassword({ current, password }),
    onSuccess: () => {
      notifications.show({ title: 'Password changed', message: 'You have been signed out everywhere else.' });
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
            {...{ ...COMMON, label: 'Current password', autoComplete: 'current-password', value: current }}
            onChange={({ currentTarget }) => setCurrent(currentTarget.value)}
            data-autofocus
          />
          <PasswordInput
            {...{ ...COMMON, label: 'New password', autoComplete: 'new-password', value: password }}
            description="At least 12 characters. Several unrelated words work well."
            onChange={({ currentTarget }) => setPassword(currentTarget.value)}
          />
          {change.error !== null && <NotChanged key={change.submittedAt} error={change.error} />}
          <Text size="sm" c="dimmed">
            You will be signed out everywhere else.
          </Text>
          <Group justify="flex-end">
            <Button type="submit" loading={change.isPending}>
              Change password
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function NotChanged({ error }: { error: Error }) {
  const seconds = waitSecondsOf(error);
  if (seconds === undefined) return <ErrorNote error={error} title="Password not changed" />;
  return (
    <Alert color="red" role="alert" title="Password not changed">
      <WaitNote seconds={seconds} />
    </Alert>
  );
}
