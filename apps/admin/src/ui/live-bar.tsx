/** Says when the live data was last updated, and pauses it. */
import { Button, Group, Text } from '@mantine/core';
import { zonedTime } from '../lib/format.js';
import { Time } from './small.js';

export interface LiveBarProps {
  readonly asOf: string | undefined;
  readonly paused: boolean;
  readonly setPaused: (paused: boolean) => void;
}

export function LiveBar({ asOf, paused, setPaused }: LiveBarProps) {
  return (
    <Group gap="xs" wrap="nowrap">
      <Text size="sm" c="dimmed" component="span">
        {asOf === undefined ? (
          'Loading…'
        ) : (
          <>
            {paused ? 'Paused; updated' : 'Updated'} {zonedTime(Date.parse(asOf))}, <Time at={asOf} />
          </>
        )}
      </Text>
      <Button size="sm" variant="default" onClick={() => setPaused(!paused)}>
        {paused ? 'Resume' : 'Pause'}
      </Button>
    </Group>
  );
}
