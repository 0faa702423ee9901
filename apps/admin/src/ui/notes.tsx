/** What a screen says when there is nothing, not yet, or trouble. */
import { Alert, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client.js';

export function ErrorNote({
  error,
  retry,
  title = 'That did not work',
}: {
  error: Error;
  retry?: () => void;
  title?: string;
}) {
  return (
    <Alert color="red" role="alert" title={title}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{complaint(error)}</Text>
        {retry !== undefined && (
          <Button size="compact-sm" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** Nothing was saved. `moved`: because it is no longer what was seen. */
export function SaveNote({ error, moved, onReload }: { error: Error | null; moved: boolean; onReload: () => void }) {
  if (error === null) return null;
  if (!moved) return <ErrorNote error={error} title="It was not saved" />;
  return (
    <Alert color="orange" title="It was changed meanwhile" role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{error.message} Nothing of yours was saved.</Text>
        <Button size="compact-sm" variant="default" onClick={onReload}>
          See how it is now
        </Button>
      </Stack>
    </Alert>
  );
}

/** What happened and what to do, with each field that is wrong. */
export function complaint(error: Error): string {
  if (!(error instanceof ApiError)) return error.message;
  const { message, errors } = error.problem;
  const lines = (errors ?? []).map(({ field, message: why }) => `${field}: ${why}`);
  if (error.status === 403 && lines.length === 0) return `${message} Your role does not allow it: ask an admin.`;
  return [message, ...lines].join(' ');
}

export function StaleNote({ error, retry }: { error: Error | null; retry: () => void }) {
  if (error === null) return null;
  return (
    <Alert color="orange" role="status" title="Not fresh">
      <Group gap="xs">
        <Text size="sm">What you see is from before: {complaint(error)}</Text>
        <Button size="compact-xs" variant="default" onClick={retry}>
          Try now
        </Button>
      </Group>
    </Alert>
  );
}

/** Why there is nothing, and what to do next. */
export function EmptyState({ why, children }: { why: ReactNode; children?: ReactNode }) {
  return (
    <Stack align="flex-start" gap="sm" p="md">
      <Text component="div">{why}</Text>
      {children}
    </Stack>
  );
}

export function Loading({ rows = 5, label = 'Loading' }: { rows?: number; label?: string }) {
  return (
    <Stack gap="xs" p="md" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <Skeleton key={i} h={22} />
      ))}
    </Stack>
  );
}
