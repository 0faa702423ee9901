import { Group, Modal, Stack, Switch, Text, Title } from '@mantine/core';
import { setSingleKeys, useSheets } from '../lib/shortcuts.js';
import { Kbd } from '../ui/small.js';

export function KeySheet({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { sheets, singleKeys } = useSheets();
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        {[...sheets].reverse().map(({ title, shortcuts }) => (
          <section key={title}>
            <Title order={3}>{title}</Title>
            {shortcuts.map(({ keys, does }) => (
              <Group key={keys} justify="space-between" py={2}>
                <Text size="sm">{does}</Text>
                <Group gap={4}>
                  {keys.split(/[ +]/).map((key) => (
                    <Kbd key={key}>{key === 'mod' ? 'Ctrl' : key.toUpperCase()}</Kbd>
                  ))}
                </Group>
              </Group>
            ))}
          </section>
        ))}
        <Switch
          label="Single-key shortcuts"
          description="Turn these off if you use speech input. Shortcuts with Ctrl still work."
          checked={singleKeys}
          onChange={({ currentTarget }) => setSingleKeys(currentTarget.checked)}
        />
      </Stack>
    </Modal>
  );
}
