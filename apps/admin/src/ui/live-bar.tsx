/** As of when, and a way to hold it still. */
import { Button, Group, Text } from '@mantine/core';
import { clockTime } from '../lib/format.js';
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
          'reading …'
        ) : (
          <>
            as of {clockTime(Date.parse(asOf))}, <Time at={asOf} />
          </>
        )}
      </Text>
      <Button size="sm" variant="default" onClick={() => setPaused(!paused)} aria-pressed={paused}>
        {paused ? '▶ Paused' : '❚❚ Live'}
      </Button>
    </Group>
  );
}
