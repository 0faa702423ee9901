import { Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';

export interface PageProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly about?: ReactNode;
  /** Beside the title. */
  readonly actions?: ReactNode;
}

export function Page({ title, about, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Rollgate`;
  }, [title]);
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-start" gap="sm">
        <div>
          <Title order={1}>{title}</Title>
          {about !== undefined && (
            <Text component="div" size="sm" c="dimmed">
              {about}
            </Text>
          )}
        </div>
        {actions !== undefined && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

export interface PanelProps {
  readonly title?: ReactNode;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
  /** The content brings its own space, e.g. a table. */
  readonly flush?: boolean;
}

export function Panel({ title, actions, children, flush = false }: PanelProps) {
  return (
    <section className="panel">
      {title !== undefined && (
        <Group justify="space-between" px="md" pt="sm" pb={flush ? 6 : 0} gap="xs">
          <Title order={2}>{title}</Title>
          {actions}
        </Group>
      )}
      {flush ? children : <Stack p="md">{children}</Stack>}
    </section>
  );
}
