import { Text } from '@mantine/core';
import type { Preview } from '../../data/overrides.js';
import { count, many } from '../../lib/format.js';

/** How many denials of the last hour the new limits would have avoided. */
export function LastHour({ lastHour, stale }: { lastHour: Preview['lastHour']; stale: boolean }) {
  const { denied, avoided, complete } = lastHour;
  const text =
    denied === 0
      ? 'No calls in this scope were denied in the last hour.'
      : `Would have avoided ${complete ? '' : 'at least '}${count(avoided)} of ${many(denied, 'denial')} in the last hour.`;
  return (
    <Text size="sm" fw={500} role="status" style={{ opacity: stale ? 0.75 : 1 }} data-effect>
      {text} {denied > 0 && !complete && 'There are too many subjects to check all of them.'}
    </Text>
  );
}
