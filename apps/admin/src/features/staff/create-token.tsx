import { Button, Checkbox, Group, NativeSelect, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { createToken, type NewToken } from '../../data/staff.js';
import { serverNow } from '../../lib/clock.js';
import { inHours } from '../../lib/format.js';
import { Choice } from '../../ui/forms.js';
import { ErrorNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';
import { ROLES } from './roles.js';
import { SecretOnce } from './secret-once.js';

export interface CreateTokenProps {
  /** Nobody gives more than they have. */
  readonly permissions: NewToken['permissions'];
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

export function CreateToken({ permissions, onClose, onChanged }: CreateTokenProps) {
  const [name, setName] = useState('');
  const [given, setGiven] = useState<string[]>([]);
  const [role, setRole] = useState<NonNullable<NewToken['role']>>('support');
  const [expiry, setExpiry] = useState('2160');
  const make = useMutation({
    mutationFn: () =>
      createToken({
        name,
        permissions: given as NewToken['permissions'],
        role,
        expiresAt: expiry === 'never' ? null : inHours(Number(expiry), serverNow()),
      }),
    onSuccess: onChanged,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Dialog title="Make a service token" onClose={onClose} size={600}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            description="Letters, digits and . _ -"
            required
            data-autofocus
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <Checkbox.Group label="It may" value={given} onChange={setGiven}>
            <SimpleGrid cols={{ base: 1, xs: 2 }} spacing={4} mt={4}>
              {permissions.map((permission) => (
                <Checkbox key={permission} value={permission} label={permission} size="xs" />
              ))}
            </SimpleGrid>
          </Checkbox.Group>
          <NativeSelect
            label="With the ceiling of"
            value={role}
            onChange={({ currentTarget }) => setRole(currentTarget.value as NonNullable<NewToken['role']>)}
            data={ROLES}
          />
          <Choice
            id="token-expiry"
            label="Ends after"
            value={expiry}
            onChange={setExpiry}
            data={[
              { label: '30 d', value: '720' },
              { label: '90 d', value: '2160' },
              { label: '1 year', value: '8760' },
              { label: 'never', value: 'never' },
            ]}
          />
          {make.error !== null && <ErrorNote error={make.error} title="Not made" />}
          {make.data !== undefined && <SecretOnce what="Token" secret={make.data.secret} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {make.isSuccess ? 'Close' : 'Cancel'}
            </Button>
            {!make.isSuccess && (
              <Button type="submit" loading={make.isPending} disabled={given.length === 0}>
                Make it
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
