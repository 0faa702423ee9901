import { Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';

export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Rollgate`;
  }, [title]);
}

export interface PageProps {
  readonly title: string;
  /** The title of the browser's tab, if the title alone does not explain it. */
  readonly documentTitle?: string;
  readonly children: ReactNode;
  readonly about?: ReactNode;
  /** Shown next to the title. */
  readonly actions?: ReactNode;
}

export function Page({ title, documentTitle = title, about, actions, children }: PageProps) {
  useDocumentTitle(documentTitle);
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
  /** The content has its own padding, as a table does. */
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
