/** Wraps `rollgate.acquire` in a function of the experiment. */

/** `before`: PL/pgSQL statements that run before each decision. */
export function beforeAcquire(before: string, declare = ''): string {
  return `
    ALTER FUNCTION rollgate.acquire RENAME TO acquire_original;
    CREATE FUNCTION rollgate.acquire(
      p_lanes int[], p_subjects text[], p_costs int[], p_calls int[], p_per_minute int[], p_per_hour int[],
      p_now timestamptz DEFAULT NULL, p_durable boolean DEFAULT true,
      OUT now_ms bigint, OUT item int[], OUT granted int[], OUT minute_used int[], OUT hour_used int[], OUT minute_reset int[],
      OUT hour_reset int[], OUT retry_at int[], OUT second int[])
    LANGUAGE plpgsql AS $chaos$
    DECLARE
      ${declare}
    BEGIN
      ${before}
      SELECT t.* INTO now_ms, item, granted, minute_used, hour_used, minute_reset, hour_reset, retry_at, second
      FROM rollgate.acquire_original(p_lanes, p_subjects, p_costs, p_calls, p_per_minute, p_per_hour, p_now, p_durable) t;
    END $chaos$`;
}

/** SQL that removes the wrapper. */
export const RESTORE_ACQUIRE =
  'DROP FUNCTION rollgate.acquire; ALTER FUNCTION rollgate.acquire_original RENAME TO acquire';
