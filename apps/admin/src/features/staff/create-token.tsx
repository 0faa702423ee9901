import { Checkbox, NativeSelect, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { createToken, type NewToken } from '../../data/staff.js';
import { DialogButtons } from '../../ui/dialog-buttons.js';
import { ExpiryChoice, expiresAtOf } from '../../ui/expiry-choice.js';
import { ErrorNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';
import { ROLES } from './roles.js';
import { SecretOnce } from './secret-once.js';

export interface CreateTokenProps {
  /** The permissions of the signed-in person, who cannot grant others. */
  readonly permissions: NewToken['permissions'];
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

type Permission = NewToken['permissions'][number];
type Role = NonNullable<NewToken['role']>;

export function CreateToken({ permissions, onClose, onChanged }: CreateTokenProps) {
  const [name, setName] = useState('');
  const [granted, setGranted] = useState<Permission[]>([]);
  const [role, setRole] = useState<Role>('support');
  const [expiry, setExpiry] = useState('2160');
  const create = useMutation({
    mutationFn: () => createToken({ name, permissions: granted, role, expiresAt: expiresAtOf(expiry) }),
    onSuccess: onChanged,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Dialog title="Create a service token" onClose={onClose} size={600}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            {...{ label: 'Name', description: 'Letters, digits and . _ -', value: name }}
            required
            data-autofocus
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <Permissions all={permissions} granted={granted} onChange={setGranted} />
          <RoleField role={role} onChange={setRole} />
          <ExpiryChoice id="token-expiry" value={expiry} onChange={setExpiry} hours={[720, 2160, 8760]} mayBeNever />
          {create.error !== null && <ErrorNote error={create.error} title="Not created" />}
          {create.data !== undefined && <SecretOnce what="Token" secret={create.data.secret} />}
          <DialogButtons
            {...{ onClose, submit: 'Create token', saving: create.isPending, done: create.isSuccess }}
            disabled={granted.length === 0}
          />
        </Stack>
      </form>
    </Dialog>
  );
}

interface PermissionsProps {
  readonly all: readonly Permission[];
  readonly granted: Permission[];
  readonly onChange: (granted: Permission[]) => void;
}

function Permissions({ all, granted, onChange }: PermissionsProps) {
  return (
    <Checkbox.Group
      label="Permissions"
      value={granted}
      onChange={(names) => onChange(all.filter((permission) => names.includes(permission)))}
    >
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing={4} mt={4}>
        {all.map((permission) => (
          <Checkbox key={permission} value={permission} label={permission} size="xs" />
        ))}
      </SimpleGrid>
    </Checkbox.Group>
  );
}

function RoleField({ role, onChange }: { role: Role; onChange: (role: Role) => void }) {
  return (
    <NativeSelect
      label="Role"
      description="Its approval limit applies to the token."
      value={role}
      onChange={({ currentTarget }) => onChange(currentTarget.value as Role)}
      data={ROLES}
    />
  );
}
