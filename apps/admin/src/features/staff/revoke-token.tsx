import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { revokeToken, type Token } from '../../data/staff.js';
import { ErrorNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';

export interface RevokeTokenProps {
  readonly token: Token;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

export function RevokeToken({ token, onClose, onChanged }: RevokeTokenProps) {
  const revoke = useMutation({
    mutationFn: () => revokeToken(token.id),
    onSuccess: () => {
      onChanged();
      onClose();
    },
  });
  return (
    <Dialog title={`Revoke ${token.name}?`} onClose={onClose}>
      <Stack>
        <Text size="sm">
          Programs that use this token lose access at once. A revoked token cannot be restored; create a new one
          instead.
        </Text>
        {revoke.error !== null && <ErrorNote error={revoke.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button color="red" loading={revoke.isPending} onClick={() => revoke.mutate()}>
            Revoke
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}
