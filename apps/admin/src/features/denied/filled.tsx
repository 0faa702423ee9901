import { Text } from '@mantine/core';
import type { Explained } from '../../data/events.js';
import { clockTime, count, many, utc } from '../../lib/format.js';

export interface FilledProps {
  readonly filled: Explained['filled'];
  readonly window: 'minute' | 'hour';
  readonly at: string;
  readonly limit: number;
}

/** The buckets that counted, oldest left: seconds of a minute, minutes of an hour. */
export function Filled({ filled, window, at, limit }: FilledProps) {
  if (filled === null)
    return (
      <Text size="sm">
        Those minutes are no longer on record: finished ones are kept for a day unless the service is told otherwise.
      </Text>
    );
  const step = window === 'minute' ? 1 : 60;
  const buckets = 61;
  const last = Math.floor(Date.parse(at) / 1000 / step) * step;
  const units = new Map<number, number>();
  for (const one of filled) {
    const bucket = Math.floor(one.second / step) * step;
    units.set(bucket, (units.get(bucket) ?? 0) + one.units);
  }
  const bars = Array.from({ length: buckets }, (_, i) => last - (buckets - 1 - i) * step);
  const most = Math.max(1, ...units.values());
  const sum = [...units.values()].reduce((all, n) => all + n, 0);
  return (
    <>
      <Text size="sm" mb={6}>
        {many(sum, 'unit')} in {many(units.size, window === 'minute' ? 'second' : 'minute')} filled the limit of{' '}
        {count(limit)}; the highest bar is {count(most)}.
      </Text>
      <div
        className="bars"
        role="img"
        aria-label={`Units by ${window === 'minute' ? 'second' : 'minute'} up to ${utc(at)}`}
      >
        {bars.map((second) => (
          <span
            key={second}
            title={`${utc(second * 1000)}: ${units.get(second) ?? 0}`}
            style={{ height: `${((units.get(second) ?? 0) / most) * 100}%` }}
          />
        ))}
      </div>
      <Text size="xs" c="dimmed" component="div" style={{ display: 'flex', justifyContent: 'space-between' }}>
        <span>{window === 'minute' ? '60 s before' : clockTime((bars[0] ?? 0) * 1000)}</span>
        <span>{window === 'minute' ? 'the denial' : clockTime(last * 1000)}</span>
      </Text>
    </>
  );
}
