import { NativeSelect, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { addPerson, type NewPerson } from '../../data/staff.js';
import { DialogButtons } from '../../ui/dialog-buttons.js';
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
  const disabled = add.isSuccess;
  return (
    <Dialog title="Add a person" onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            {...{ label: 'Login', description: 'Usually an email address.', value: login, disabled }}
            required
            data-autofocus
            onChange={({ currentTarget }) => setLogin(currentTarget.value)}
          />
          <TextInput
            {...{ label: 'Name', value: name, disabled }}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <NativeSelect
            {...{ label: 'Role', value: role, disabled, data: ROLES }}
            onChange={({ currentTarget }) => setRole(currentTarget.value as NewPerson['role'])}
          />
          {add.error !== null && <ErrorNote error={add.error} title="Not added" />}
          {typeof add.data?.password === 'string' && <SecretOnce what="Password" secret={add.data.password} />}
          <DialogButtons onClose={onClose} submit="Add person" saving={add.isPending} done={add.isSuccess} />
        </Stack>
      </form>
    </Dialog>
  );
}
