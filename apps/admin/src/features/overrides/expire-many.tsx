import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { expireMany, expiryPreviewQuery, type Override } from '../../data/overrides.js';
import { many, named, scopeText } from '../../lib/format.js';
import { ReasonField } from '../../ui/forms.js';
import { LoweringList } from '../../ui/lowering.js';
import { ErrorNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';

export interface ExpireManyProps {
  readonly overrides: readonly Override[];
  readonly onClose: () => void;
  /** With the ids that could not be ended. */
  readonly onDone: (failed: string[]) => void;
}

export function ExpireMany({ overrides, onClose, onDone }: ExpireManyProps) {
  const [listed] = useState(overrides);
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const end = useMutation({
    mutationFn: () =>
      expireMany(
        listed.map(({ id }) => id),
        reason.trim(),
      ),
    onSuccess: ({ failed }) => {
      onDone(failed.map(({ id }) => id));
      if (failed.length === 0) onClose();
    },
  });
  const ending = useQuery(expiryPreviewQuery(listed.map(({ id }) => id)));
  const fallsOf = (id: string) => {
    const lowered = ending.data?.items.find((item) => item.id === id)?.lowered ?? [];
    return lowered.length === 0 ? null : <LoweringList items={lowered} />;
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.trim() === '') setMissing(true);
    else end.mutate();
  };
  const failed = end.data?.failed ?? [];
  return (
    <Dialog title={`End ${many(listed.length, 'override')} now?`} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text size="sm">Within 2 s the next limit applies, mostly the default. What falls is listed:</Text>
          <ul style={{ margin: 0, maxHeight: 180, overflow: 'auto' }}>
            {listed.map((override) => (
              <li key={override.id}>
                {named(override.account)}: {scopeText(override)} ({override.id}){fallsOf(override.id)}
              </li>
            ))}
          </ul>
          <ReasonField value={reason} onChange={setReason} missing={missing} autoFocus />
          {failed.length > 0 && (
            <Alert
              color="orange"
              role="alert"
              title={`${many(end.data?.expired.length ?? 0, 'override')} ended, ${failed.length} not`}
            >
              {failed.map(({ id, message }) => (
                <Text size="sm" key={id}>
                  {id}: {message}
                </Text>
              ))}
            </Alert>
          )}
          {end.error !== null && <ErrorNote error={end.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {end.isSuccess ? 'Close' : 'Cancel'}
            </Button>
            {!end.isSuccess && (
              <Button type="submit" color="red" loading={end.isPending}>
                End them
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
