/**
 * Minutes in seconds: the database's clock and the instances' run faster, from a moment of the experiment's choice.
 *
 * Invariant: as in production the database reads its clock after the lock and heeds no other; instances only remember by theirs.
 */
import type { FastClock } from '../instance/job.js';

/** SQL that makes a database read that clock. */
export function runFast({ startMs, atMs, speed }: FastClock): string {
  return `
    CREATE FUNCTION public.chaos_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
      SELECT to_timestamp((${startMs} + (extract(epoch FROM clock_timestamp()) * 1000 - ${atMs}) * ${speed}) / 1000)
    $$;
    DO $$ BEGIN
      EXECUTE replace(pg_get_functiondef('rollgate.acquire'::regproc), 'coalesce(p_now, clock_timestamp())', 'public.chaos_clock()');
    END $$`;
}

/** Starts so many seconds of its own before a minute (and an hour) begins. */
export function fastClock(speed: number, secondsBefore: number): FastClock {
  return { startMs: Date.UTC(2026, 0, 1) - secondsBefore * 1000, atMs: Date.now(), speed };
}

/** Minute edges passed in so many real seconds. */
export function edgesIn(
  { speed }: FastClock,
  { seconds, secondsBefore }: { seconds: number; secondsBefore: number },
): number {
  return Math.max(0, Math.floor((seconds * speed - secondsBefore) / 60) + 1);
}
