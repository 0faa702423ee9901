/** Times in requests and commands: one strict form, so that every reader takes the same text for the same time. */
import { z } from 'zod';

/** ISO 8601 with date, time to the second and offset, e.g. `2026-12-31T13:00:00+01:00`. A date without a time is rejected. */
export const momentSchema = z.iso.datetime({
  offset: true,
  error: 'must be a time like 2026-12-31T12:00:00Z, with an offset',
});

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

const DAY_MS = 86_400_000;

/**
 * Reads a time in the form of `momentSchema`, a duration from `now` (Unix milliseconds): `30m`, `24h`, `7d`, or the next
 * time of day with an offset: `15:00Z`, `15:00+02:00`.
 * @returns ISO 8601 in UTC; `undefined` if the text is neither.
 */
export function parseMoment(text: string, now: number): string | undefined {
  const [, amount, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) {
    return new Date(now + Number(amount) * (UNIT_MS[unit] ?? 0)).toISOString();
  }
  const next = nextTimeOfDay(text, now);
  if (next !== undefined) return next;
  return momentSchema.safeParse(text).success ? new Date(text).toISOString() : undefined;
}

function nextTimeOfDay(text: string, now: number): string | undefined {
  const [, time, offset] = /^(\d{2}:\d{2})(Z|[+-]\d{2}:\d{2})$/.exec(text) ?? [];
  if (time === undefined || offset === undefined) return undefined;
  const today = `${new Date(now).toISOString().slice(0, 10)}T${time}:00${offset}`;
  if (!momentSchema.safeParse(today).success) return undefined;
  // With an offset, this time of today in UTC may be up to two days from the next one.
  const late = (((Date.parse(today) - now) % DAY_MS) + DAY_MS) % DAY_MS;
  return new Date(now + (late === 0 ? DAY_MS : late)).toISOString();
}
