/** What a screen shows when its data is missing, outdated or still loading, or when a call fails. */
import { Alert, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client.js';

export interface ErrorNoteProps {
  readonly error: Error;
  readonly retry?: () => void;
  readonly title?: string;
}

export function ErrorNote({ error, retry, title = 'Something went wrong' }: ErrorNoteProps) {
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

export interface SaveNoteProps {
  readonly error: Error;
  /** The item has changed since the person saw it. */
  readonly outdated: boolean;
  readonly onReload: () => void;
}

/** Nothing was saved, and why. */
export function SaveNote({ error, outdated, onReload }: SaveNoteProps) {
  if (!outdated) return <ErrorNote error={error} title="Not saved" />;
  return (
    <ConflictNote title="Changed by someone else" action="Show the current version" error={error} onAction={onReload} />
  );
}

export interface ConflictNoteProps {
  readonly title: string;
  readonly action: string;
  readonly error: Error;
  readonly onAction: () => void;
}

/** Another person changed the item first. */
export function ConflictNote({ title, action, error, onAction }: ConflictNoteProps) {
  return (
    <Alert color="orange" title={title} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{error.message} Your changes were not saved.</Text>
        <Button size="compact-sm" variant="default" onClick={onAction}>
          {action}
        </Button>
      </Stack>
    </Alert>
  );
}

/** Whether a change was refused because another person changed the item first. */
export const isConflict = (error: Error | null): boolean =>
  error instanceof ApiError && (error.status === 409 || error.status === 412);

/** What happened and what to do, with each field that is wrong. */
export function complaint(error: Error): string {
  if (!(error instanceof ApiError)) return error.message;
  const { message, errors } = error.problem;
  const lines = (errors ?? []).map(({ field, message: why }) => `${field}: ${why}`);
  if (error.status === 403 && lines.length === 0) return `${message} Your role does not allow this; ask an admin.`;
  return [message, ...lines].join(' ');
}

export interface StaleNoteProps {
  readonly query: { readonly data: unknown; readonly error: Error | null; readonly refetch: () => unknown };
}

/** Shown above data that could not be updated. */
export function StaleNote({ query: { data, error, refetch } }: StaleNoteProps) {
  if (data === undefined || error === null) return null;
  return (
    <Alert color="orange" role="status" title="Showing older data">
      <Group gap="xs">
        <Text size="sm">The latest update failed. {complaint(error)}</Text>
        <Button size="compact-xs" variant="default" onClick={() => void refetch()}>
          Try again
        </Button>
      </Group>
    </Alert>
  );
}

/** Says why there is nothing to show, and what to do next. */
export function EmptyState({ why, children }: { why: ReactNode; children?: ReactNode }) {
  return (
    <Stack align="flex-start" gap="sm" p="md">
      <Text component="div">{why}</Text>
      {children}
    </Stack>
  );
}

export function Loading({ rows = 5 }: { rows?: number | undefined }) {
  return (
    <Stack gap="xs" p="md" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: all lines are the same
        <Skeleton key={i} h={22} />
      ))}
    </Stack>
  );
}
