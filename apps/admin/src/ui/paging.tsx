/** Pages of a list, newest first. The browser's own Back button leads to earlier pages. */
import { Button, Group, Text } from '@mantine/core';

export interface PagingProps {
  readonly shown: number;
  /** Where the next page begins; null: this is the last. */
  readonly next: string | null;
  readonly after: string | undefined;
  /** undefined: the first page. */
  readonly go: (after: string | undefined) => void;
}

export function Paging({ shown, next, after, go }: PagingProps) {
  if (next === null && after === undefined) return null;
  return (
    <Group p="sm" gap="xs" component="nav" aria-label="Pages">
      <Button size="compact-sm" variant="default" disabled={after === undefined} onClick={() => go(undefined)}>
        First page
      </Button>
      <Button size="compact-sm" variant="default" disabled={next === null} onClick={() => go(next ?? undefined)}>
        Next page
      </Button>
      <Text size="sm" c="dimmed">
        {shown} shown{next === null ? ', last page' : ''}
      </Text>
    </Group>
  );
}
