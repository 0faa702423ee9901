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
  const { name, setName, role, setRole, reason, setReason, change, submit } = useEditPerson({
    person,
    onClose,
    onChanged,
  });
  const byProvider = person.signsInBy === 'provider';
  const disabled = person.disabledAt !== null;
  return (
    <Dialog title={`Edit ${person.login}`} onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            {...{ label: 'Name', value: name, required: true }}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <NativeSelect
            {...{ label: 'Role', value: role, data: ROLES, disabled: byProvider }}
            description={byProvider ? 'Follows the person’s groups at the identity provider.' : undefined}
            onChange={({ currentTarget }) => setRole(currentTarget.value as NewPerson['role'])}
          />
          <TextInput label="Reason" value={reason} onChange={({ currentTarget }) => setReason(currentTarget.value)} />
          {change.error !== null && <ErrorNote error={change.error} title="Not saved" />}
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
          {!byProvider && <PasswordReset person={person} onChanged={onChanged} />}
        </Stack>
      </form>
    </Dialog>
  );
}

function useEditPerson({ person, onClose, onChanged }: EditPersonProps) {
  const [name, setName] = useState(person.displayName);
  const [role, setRole] = useState<NewPerson['role']>(person.role);
  const [reason, setReason] = useState('');
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
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate('facts');
  };
  return { name, setName, role, setRole, reason, setReason, change, submit };
}

function PasswordReset({ person, onChanged }: Pick<EditPersonProps, 'person' | 'onChanged'>) {
  const reset = useMutation({ mutationFn: () => resetPassword(person.id), onSuccess: onChanged });
  return (
    <>
      <Divider label="Password" />
      <Text size="sm">Creates a new password, shows it once, and signs {person.displayName} out everywhere.</Text>
      {reset.error !== null && <ErrorNote error={reset.error} />}
      {typeof reset.data?.password === 'string' && <SecretOnce what="Password" secret={reset.data.password} />}
      <Group justify="flex-end">
        <Button variant="default" loading={reset.isPending} onClick={() => reset.mutate()}>
          Reset password
        </Button>
      </Group>
    </>
  );
}
