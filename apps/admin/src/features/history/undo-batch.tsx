/** Undoes everything that was made together. */
import { Alert, Button, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { batchQuery, undoBatch } from '../../data/history.js';
import { useReload } from '../../data/reload.js';
import { actorText, many } from '../../lib/format.js';
import { DialogButtons } from '../../ui/dialog-buttons.js';
import { ReasonField, useReason } from '../../ui/forms.js';
import { loweringOf } from '../../ui/lowering.js';
import { ErrorNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';
import { Time } from '../../ui/small.js';

export interface UndoBatchProps {
  readonly batch: string;
  readonly onClose: () => void;
  /** Called with the batch of the changes that revert. */
  readonly onDone: (batch: string) => void;
}

export function UndoBatch({ batch, onClose, onDone }: UndoBatchProps) {
  const reason = useReason();
  const reload = useReload();
  const undo = useMutation({
    mutationFn: (allowLowering: boolean) =>
      undoBatch(batch, { reason: reason.text, ...(allowLowering ? { allowLowering } : {}) }),
    onSuccess: (done) => {
      reload();
      onDone(done.batch);
    },
  });
  const submit = (allowLowering: boolean) => (event?: FormEvent) => {
    event?.preventDefault();
    if (reason.check()) undo.mutate(allowLowering);
  };
  return (
    <Dialog title={`Undo ${batch}?`} onClose={onClose}>
      <form onSubmit={submit(false)} noValidate>
        <Stack>
          <What batch={batch} />
          <ReasonField {...reason.field} autoFocus />
          {undo.error !== null && <Refused error={undo.error} saving={undo.isPending} onLower={submit(true)} />}
          <DialogButtons onClose={onClose} submit="Undo batch" saving={undo.isPending} color="red" />
        </Stack>
      </form>
    </Dialog>
  );
}

/** How many changes are undone. */
function What({ batch }: { batch: string }) {
  const { data, error } = useQuery(batchQuery(batch));
  if (error !== null) return <ErrorNote error={error} />;
  if (data === undefined) return <Text size="sm">Counting the changes…</Text>;
  return (
    <Text size="sm">
      This reverts {many(data.changes, 'change')} for {many(data.accounts, 'account')}, made by {actorText(data.actor)}{' '}
      <Time at={data.at} />. All of them are reverted, or none if one of their items was changed since.
    </Text>
  );
}

interface RefusedProps {
  readonly error: Error;
  readonly saving: boolean;
  readonly onLower: () => void;
}

/** The undo was refused. If it lowers limits, it can be confirmed; the message names the accounts. */
function Refused({ error, saving, onLower }: RefusedProps) {
  if (loweringOf(error) === undefined) return <ErrorNote error={error} title="Nothing was undone" />;
  return (
    <Alert color="orange" role="alert" title="The undo lowers limits that are in force">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{error.message} Nothing was undone yet.</Text>
        <Button size="compact-sm" color="red" loading={saving} onClick={onLower}>
          Lower these limits
        </Button>
      </Stack>
    </Alert>
  );
}
