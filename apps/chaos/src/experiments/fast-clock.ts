/**
 * Makes the clocks of the database and of the instances run faster, from a time that the experiment chooses.
 *
 * Invariant: as in production, the database decides by its own clock, which it reads after it has the lock. Instances use theirs
 * only to remember denials.
 */
import type { FastClock } from '../instance/job.js';

/** SQL that makes a database use this clock. */
export function runFast({ startMs, atMs, speed }: FastClock): string {
  return `
    CREATE FUNCTION public.chaos_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
      SELECT to_timestamp((${startMs} + (extract(epoch FROM clock_timestamp()) * 1000 - ${atMs}) * ${speed}) / 1000)
    $$;
    DO $$ BEGIN
      EXECUTE replace(pg_get_functiondef('rollgate.acquire'::regproc), 'coalesce(p_now, clock_timestamp())', 'public.chaos_clock()');
    END $$`;
}

/** A clock that starts the given number of its seconds before an hour begins. */
export function fastClock(speed: number, secondsBefore: number): FastClock {
  return { startMs: Date.UTC(2026, 0, 1) - secondsBefore * 1000, atMs: Date.now(), speed };
}

/** The number of minute boundaries that pass in the given number of real seconds. */
export function edgesIn(
  { speed }: FastClock,
  { seconds, secondsBefore }: { seconds: number; secondsBefore: number },
): number {
  return Math.max(0, Math.floor((seconds * speed - secondsBefore) / 60) + 1);
}
