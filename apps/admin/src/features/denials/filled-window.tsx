import { Text } from '@mantine/core';
import type { Explained } from '../../data/events.js';
import { count, many, utc, zonedTime } from '../../lib/format.js';

export interface FilledWindowProps {
  readonly filled: Explained['filled'];
  readonly window: 'minute' | 'hour';
  readonly at: string;
  readonly limit: number;
}

/** A window of 60 s covers 61 whole seconds, and a window of one hour 61 minutes at least in part. */
const BARS = 61;

/** The units that counted, as bars, oldest first: each second of a minute, or each minute of an hour. */
export function FilledWindow({ filled, window, at, limit }: FilledWindowProps) {
  if (filled === null)
    return (
      <Text size="sm">
        The units of that time are no longer recorded. By default they are kept for one day after their minute ends.
      </Text>
    );
  const step = window === 'minute' ? 1 : 60;
  const noun = window === 'minute' ? 'second' : 'minute';
  const last = Math.floor(Date.parse(at) / 1000 / step) * step;
  const bars = Array.from({ length: BARS }, (_, i) => last - (BARS - 1 - i) * step);
  const units = unitsByStep(filled, step);
  const most = Math.max(1, ...units.values());
  const sum = [...units.values()].reduce((all, n) => all + n, 0);
  return (
    <>
      <Text size="sm" mb={6}>
        {many(sum, 'unit')} in {many(units.size, noun)} filled the limit of {count(limit)}; the highest bar is{' '}
        {count(most)}.
      </Text>
      <div className="bars" role="img" aria-label={`Units in each ${noun} until ${utc(at)}`}>
        {bars.map((second) => (
          <span
            key={second}
            title={`${utc(second * 1000)}: ${units.get(second) ?? 0}`}
            style={{ height: `${((units.get(second) ?? 0) / most) * 100}%` }}
          />
        ))}
      </div>
      <Text size="xs" c="dimmed" component="div" style={{ display: 'flex', justifyContent: 'space-between' }}>
        <span>{window === 'minute' ? '60 s before the denial' : zonedTime((bars[0] ?? 0) * 1000)}</span>
        <span>{window === 'minute' ? 'the denial' : zonedTime(last * 1000)}</span>
      </Text>
    </>
  );
}

/** Units by the first second of their bar. */
function unitsByStep(filled: NonNullable<Explained['filled']>, step: number): Map<number, number> {
  const units = new Map<number, number>();
  for (const one of filled) {
    const begin = Math.floor(one.second / step) * step;
    units.set(begin, (units.get(begin) ?? 0) + one.units);
  }
  return units;
}
