import { Burger, Button, Group, Text } from '@mantine/core';
import { useSession } from '../data/session.js';
import { Kbd, Tag } from '../ui/small.js';
import { PersonMenu } from './person-menu.js';
import type { ShellState } from './use-shell.js';

export function Header({ shell: { menuOpen, toggleMenu, find, setKeysOpen } }: { shell: ShellState }) {
  return (
    <Group h="100%" px="md" gap="sm" wrap="nowrap">
      <Burger
        opened={menuOpen}
        onClick={toggleMenu}
        hiddenFrom="sm"
        size="sm"
        aria-label="Menu"
        aria-expanded={menuOpen}
      />
      <Text fw={700} visibleFrom="xs">
        Rollgate
      </Text>
      <Environment />
      <Button
        variant="default"
        size="xs"
        onClick={find}
        miw={76}
        style={{ flex: '0 1 260px' }}
        justify="space-between"
        rightSection={
          <Text span visibleFrom="sm">
            <Kbd>/</Kbd>
          </Text>
        }
      >
        Find…
      </Button>
      <Group gap="xs" ml="auto" wrap="nowrap">
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={() => setKeysOpen(true)}
          aria-label="Keyboard shortcuts"
          visibleFrom="xs"
        >
          ?
        </Button>
        <PersonMenu />
      </Group>
    </Group>
  );
}

/** Production is red, so that no one mistakes it for a test environment. */
function Environment() {
  const { environment } = useSession();
  return <Tag tone={/^prod/i.test(environment) ? 'bad' : 'info'}>{environment}</Tag>;
}
