/** What the toast says after saving: how far it is in force, and the way back. */
import { Button, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { undoChange } from '../../data/history.js';
import type { Changed, Created } from '../../data/overrides.js';
import { type Reach, untilInForce } from '../../data/system.js';
import { useShortcuts } from '../../lib/shortcuts.js';
import { TextLink } from '../../ui/links.js';
import { LoweringList } from '../../ui/lowering.js';
import { complaint } from '../../ui/notes.js';

export function Saved({ changed: { override, historyId, lowered } }: { changed: Changed }) {
  const [reach, setReach] = useState<Reach>();
  const [done, setDone] = useState<boolean>();
  const queryClient = useQueryClient();
  useEffect(() => {
    void untilInForce(override.policyVersion, setReach).then(setDone, () => setDone(false));
  }, [override.policyVersion]);
  const undo = useMutation({
    mutationFn: (id: number) => undoChange(id, `Undo of ${override.id}, at once`),
    onSuccess: () => queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' }),
  });
  const mayUndo = !undo.isSuccess;
  const goBack = () => {
    if (mayUndo && !undo.isPending) undo.mutate(historyId);
  };
  useShortcuts('After a change', mayUndo ? [{ keys: 'u', does: 'Undo it', run: goBack }] : []);
  return (
    <Stack gap={6}>
      <Text size="sm">{undo.isSuccess ? 'Undone: the override has ended.' : reachText(reach, done)}</Text>
      {lowered.length > 0 && !undo.isSuccess && <LoweringList items={lowered} />}
      {undo.error !== null && (
        <Text size="sm" c="var(--mantine-color-error)">
          {complaint(undo.error)}
        </Text>
      )}
      <Group gap="xs">
        {mayUndo && (
          <Button size="compact-sm" variant="default" loading={undo.isPending} onClick={goBack}>
            Undo
          </Button>
        )}
        <TextLink to="/overrides" search={{ state: 'all', account: override.account, edit: override.id }}>
          {override.id}
        </TextLink>
      </Group>
    </Stack>
  );
}

function reachText(reach: Reach | undefined, done: boolean | undefined): string {
  if (reach === undefined)
    return done === false
      ? 'Saved. Whether every instance has it is not known.'
      : 'Saved, on its way to the instances …';
  if (reach.all === 0) return 'Saved. No instance is running now; each reads it when it starts.';
  if (done === true) return `In force on all instances (${reach.there} of ${reach.all}).`;
  if (done === false)
    return `Saved, but only ${reach.there} of ${reach.all} instances have it yet. Look at the health line above.`;
  return `Saved, in force on ${reach.there} of ${reach.all} instances …`;
}

export function Filed({ created }: { created: Extract<Created, { request: unknown }> }) {
  const { id, account } = created.request;
  return (
    <Stack gap={6}>
      <Text size="sm">{created.message}</Text>
      <TextLink to="/requests" search={{ account, id }} onClick={() => notifications.hide(id)}>
        See request {id}
      </TextLink>
    </Stack>
  );
}
