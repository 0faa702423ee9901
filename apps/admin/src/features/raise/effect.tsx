import { Alert, Text } from '@mantine/core';
import type { Preview } from '../../data/overrides.js';
import { count, many } from '../../lib/format.js';

/** What the last hour would have been like. */
export function Effect({ preview, stale }: { preview: Preview | undefined; stale: boolean }) {
  if (preview === undefined) return null;
  const { denied, avoided, complete } = preview.lastHour;
  const text =
    denied === 0
      ? 'No call was denied here in the last hour: there is nothing this would have avoided.'
      : `Would have avoided ${count(avoided)} of ${many(denied, 'denial')} in the last hour${complete ? '' : ', at least: there are too many subjects to look at all'}.`;
  return (
    <Text size="sm" fw={500} role="status" style={{ opacity: stale ? 0.75 : 1 }} data-effect>
      {text}
    </Text>
  );
}

interface Wanted {
  readonly perMinute?: number | null | undefined;
  readonly perHour?: number | null | undefined;
  readonly factor?: number | null | undefined;
  readonly hours: number | null;
}

export function aboveCeiling(ceiling: Preview['ceiling'], { perMinute, perHour, factor, hours }: Wanted): boolean {
  const over = (value: number | null | undefined, most: number | null) =>
    value != null && most !== null && value > most;
  if (over(perMinute, ceiling.perMinute) || over(perHour, ceiling.perHour) || over(factor, ceiling.times)) return true;
  return ceiling.days !== null && (hours === null || hours > ceiling.days * 24);
}

export interface CeilingProps {
  readonly ceiling: Preview['ceiling'];
  readonly above: boolean;
  /** For several APIs the bound is a factor first. */
  readonly several: boolean;
}

export function Ceiling({ ceiling, above, several }: CeilingProps) {
  const { perMinute, perHour, times, days } = ceiling;
  const others = ceiling.above.join(' or ') || 'admin';
  if (perMinute === null && perHour === null && days === null)
    return (
      <Text size="sm" c="dimmed">
        Your role has no approval limit.
      </Text>
    );
  const limits = [
    several && times !== null ? `${times} times each default` : undefined,
    perMinute === null ? undefined : `${count(perMinute)} in 60 s`,
    perHour === null ? undefined : `${count(perHour)} in an hour`,
    days === null ? undefined : `for ${many(days, 'day')}`,
  ].filter((part) => part !== undefined);
  const told = `You may grant up to ${limits.join(', ')}; the role ${others} may go above.`;
  if (!above)
    return (
      <Text size="sm" c="dimmed">
        {told}
      </Text>
    );
  return (
    <Alert color="orange" title="Above your approval limit" role="status">
      {told} Saving makes it a request that an {others} decides.
    </Alert>
  );
}
