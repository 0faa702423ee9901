import { Button, Divider, Group, NativeSelect, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { changePerson, type NewPerson, type Person, resetPassword } from '../../data/staff.js';
import { ErrorNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';
import { ROLES } from './roles.js';
import { SecretOnce } from './secret-once.js';

export interface EditPersonProps {
  readonly person: Person;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

export function EditPerson({ person, onClose, onChanged }: EditPersonProps) {
  const [name, setName] = useState(person.displayName);
  const [role, setRole] = useState<NewPerson['role']>(person.role);
  const [reason, setReason] = useState('');
  const byProvider = person.signsInBy === 'provider';
  const disabled = person.disabledAt !== null;
  const change = useMutation({
    mutationFn: (what: { disabled: boolean } | 'facts') => {
      const why = reason.trim() === '' ? {} : { reason: reason.trim() };
      if (what !== 'facts') return changePerson(person.id, { ...what, ...why });
      return changePerson(person.id, { displayName: name, ...(role === person.role ? {} : { role }), ...why });
    },
    onSuccess: () => {
      onChanged();
      onClose();
    },
  });
  const reset = useMutation({ mutationFn: () => resetPassword(person.id), onSuccess: onChanged });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate('facts');
  };
  return (
    <Dialog title={`Change ${person.login}`} onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            required
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <NativeSelect
            label="Role"
            description={byProvider ? 'It follows the groups at the identity provider.' : undefined}
            disabled={byProvider}
            value={role}
            onChange={({ currentTarget }) => setRole(currentTarget.value as NewPerson['role'])}
            data={ROLES}
          />
          <TextInput label="Reason" value={reason} onChange={({ currentTarget }) => setReason(currentTarget.value)} />
          {change.error !== null && <ErrorNote error={change.error} title="Not changed" />}
          <Group justify="flex-end">
            <Button
              color={disabled ? undefined : 'red'}
              variant="outline"
              onClick={() => change.mutate({ disabled: !disabled })}
            >
              {disabled ? 'Enable' : 'Disable'}
            </Button>
            <Button type="submit" loading={change.isPending}>
              Save
            </Button>
          </Group>
          {!byProvider && (
            <>
              <Divider label="Password" />
              <Text size="sm">A new one is made and shown once; all sessions of {person.displayName} end.</Text>
              {reset.error !== null && <ErrorNote error={reset.error} />}
              {typeof reset.data?.password === 'string' && <SecretOnce what="Password" secret={reset.data.password} />}
              <Group justify="flex-end">
                <Button variant="default" loading={reset.isPending} onClick={() => reset.mutate()}>
                  Make a new password
                </Button>
              </Group>
            </>
          )}
        </Stack>
      </form>
    </Dialog>
  );
}
