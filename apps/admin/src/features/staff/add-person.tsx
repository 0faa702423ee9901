import { Button, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { addPerson, type NewPerson } from '../../data/staff.js';
import { ErrorNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';
import { ROLES } from './roles.js';
import { SecretOnce } from './secret-once.js';

export function AddPerson({ onClose, onChanged }: { onClose: () => void; onChanged: () => void }) {
  const [login, setLogin] = useState('');
  const [name, setName] = useState('');
  const [role, setRole] = useState<NewPerson['role']>('support');
  const add = useMutation({
    mutationFn: () => addPerson({ login, role, ...(name.trim() === '' ? {} : { displayName: name }) }),
    onSuccess: onChanged,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Dialog title="Add a person" onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Login"
            description="An e-mail address, as a rule."
            required
            data-autofocus
            disabled={add.isSuccess}
            value={login}
            onChange={({ currentTarget }) => setLogin(currentTarget.value)}
          />
          <TextInput
            label="Name"
            disabled={add.isSuccess}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <NativeSelect
            label="Role"
            disabled={add.isSuccess}
            value={role}
            onChange={({ currentTarget }) => setRole(currentTarget.value as NewPerson['role'])}
            data={ROLES}
          />
          {add.error !== null && <ErrorNote error={add.error} title="Not added" />}
          {typeof add.data?.password === 'string' && <SecretOnce what="Password" secret={add.data.password} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {add.isSuccess ? 'Close' : 'Cancel'}
            </Button>
            {!add.isSuccess && (
              <Button type="submit" loading={add.isPending}>
                Add
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
