/** What the notification shows after saving: whether the change is in force yet, and Undo. */
import { Button, Group, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { undoChange } from '../../data/history.js';
import type { Changed, Created } from '../../data/overrides.js';
import { useReload } from '../../data/reload.js';
import { type Reach, untilInForce } from '../../data/system.js';
import { useShortcuts } from '../../lib/shortcuts.js';
import { TextLink } from '../../ui/links.js';
import { LoweringList } from '../../ui/lowering.js';
import { complaint } from '../../ui/notes.js';

export function Saved({ changed: { override, historyId, lowered } }: { changed: Changed }) {
  const reach = useReach(override.policyVersion);
  const reload = useReload();
  const undo = useMutation({
    mutationFn: (id: number) => undoChange(id, `Undo of ${override.id} right after it was set`),
    onSuccess: reload,
  });
  const mayUndo = !undo.isSuccess;
  const undoNow = () => {
    if (mayUndo && !undo.isPending) undo.mutate(historyId);
  };
  useShortcuts('After a change', mayUndo ? [{ keys: 'u', does: 'Undo the change', run: undoNow }] : []);
  return (
    <Stack gap={6}>
      <Text size="sm">{undo.isSuccess ? 'Undone: the override has expired.' : reach}</Text>
      {lowered.length > 0 && !undo.isSuccess && <LoweringList items={lowered} />}
      {undo.error !== null && (
        <Text size="sm" c="var(--mantine-color-error)">
          {complaint(undo.error)}
        </Text>
      )}
      <Group gap="xs">
        {mayUndo && (
          <Button size="compact-sm" variant="default" loading={undo.isPending} onClick={undoNow}>
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

/** Follows the change until every instance has loaded it, and says how far it is. */
function useReach(policyVersion: number): string {
  const [reach, setReach] = useState<Reach>();
  const [done, setDone] = useState<boolean>();
  useEffect(() => {
    void untilInForce(policyVersion, setReach).then(setDone, () => setDone(false));
  }, [policyVersion]);
  return reachText(reach, done);
}

/** `done`: whether all instances have the change; undefined: this is still being checked. */
function reachText(reach: Reach | undefined, done: boolean | undefined): string {
  if (reach === undefined)
    return done === false
      ? 'Saved. It is not known whether every instance has loaded it.'
      : 'Saved. Waiting for the instances to load it…';
  if (reach.all === 0) return 'Saved. No instance is running; each one loads it when it starts.';
  if (done === true) return `In force on all instances (${reach.there} of ${reach.all}).`;
  if (done === false)
    return `Saved, but only ${reach.there} of ${reach.all} instances have loaded it so far. Check the status at the top of the page.`;
  return `Saved. In force on ${reach.there} of ${reach.all} instances…`;
}

export function Requested({ created }: { created: Extract<Created, { request: unknown }> }) {
  const { id, account } = created.request;
  return (
    <Stack gap={6}>
      <Text size="sm">{created.message}</Text>
      <TextLink to="/requests" search={{ account, id }} onClick={() => notifications.hide(id)}>
        Show limit request {id}
      </TextLink>
    </Stack>
  );
}
