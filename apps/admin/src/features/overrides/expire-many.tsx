import { Alert, Stack, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { expireMany, expiryPreviewQuery, type Override } from '../../data/overrides.js';
import { many, named, scopeText } from '../../lib/format.js';
import { DialogButtons } from '../../ui/dialog-buttons.js';
import { ReasonField, useReason } from '../../ui/forms.js';
import { LoweringList } from '../../ui/lowering.js';
import { ErrorNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';

export interface ExpireManyProps {
  readonly overrides: readonly Override[];
  readonly onClose: () => void;
  /** Called with the IDs of the overrides that could not be expired. */
  readonly onDone: (failed: string[]) => void;
}

export function ExpireMany({ overrides, onClose, onDone }: ExpireManyProps) {
  // The list changes when it is loaded again; the dialog keeps what the person selected.
  const [listed] = useState(overrides);
  const ids = listed.map(({ id }) => id);
  const reason = useReason();
  const expire = useMutation({
    mutationFn: () => expireMany(ids, reason.text),
    onSuccess: ({ failed }) => {
      onDone(failed.map(({ id }) => id));
      if (failed.length === 0) onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (reason.check()) expire.mutate();
  };
  return (
    <Dialog title={`Expire ${many(listed.length, 'override')} now?`} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Affected overrides={listed} />
          <ReasonField {...reason.field} autoFocus />
          {expire.data !== undefined && <Failures {...expire.data} />}
          {expire.error !== null && <ErrorNote error={expire.error} />}
          <DialogButtons
            onClose={onClose}
            submit="Expire overrides"
            saving={expire.isPending}
            done={expire.isSuccess}
            color="red"
          />
        </Stack>
      </form>
    </Dialog>
  );
}

/** Each override with the limits that fall when it expires. */
function Affected({ overrides }: { overrides: readonly Override[] }) {
  const preview = useQuery(expiryPreviewQuery(overrides.map(({ id }) => id)));
  const loweredBy = (id: string) => preview.data?.items.find((item) => item.id === id)?.lowered ?? [];
  return (
    <>
      <Text size="sm">
        Within 2 s the next most specific limit applies, usually the default. Limits that fall are listed:
      </Text>
      <ul style={{ margin: 0, maxHeight: 180, overflow: 'auto' }}>
        {overrides.map((override) => (
          <li key={override.id}>
            {named(override.account)}: {scopeText(override)} ({override.id})
            {loweredBy(override.id).length > 0 && <LoweringList items={loweredBy(override.id)} />}
          </li>
        ))}
      </ul>
    </>
  );
}

type FailuresProps = Awaited<ReturnType<typeof expireMany>>;

function Failures({ expired, failed }: FailuresProps) {
  if (failed.length === 0) return null;
  return (
    <Alert color="orange" role="alert" title={`${many(expired.length, 'override')} expired, ${failed.length} failed`}>
      {failed.map(({ id, message }) => (
        <Text size="sm" key={id}>
          {id}: {message}
        </Text>
      ))}
    </Alert>
  );
}
