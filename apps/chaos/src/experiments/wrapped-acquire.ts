/** SQL that puts a function of the experiment's own in front of `rollgate.acquire`. */

/** `before`: plpgsql that runs first. */
export function beforeAcquire(before: string, declare = ''): string {
  return `
    ALTER FUNCTION rollgate.acquire RENAME TO acquire_in_truth;
    CREATE FUNCTION rollgate.acquire(
      p_lanes int[], p_subjects text[], p_costs int[], p_calls int[], p_per_minute int[], p_per_hour int[], p_now timestamptz DEFAULT NULL,
      OUT now_ms bigint, OUT item int[], OUT granted int[], OUT minute_used int[], OUT hour_used int[], OUT minute_reset int[],
      OUT hour_reset int[], OUT retry_at int[], OUT second int[])
    LANGUAGE plpgsql AS $chaos$
    DECLARE
      ${declare}
    BEGIN
      ${before}
      SELECT t.* INTO now_ms, item, granted, minute_used, hour_used, minute_reset, hour_reset, retry_at, second
      FROM rollgate.acquire_in_truth(p_lanes, p_subjects, p_costs, p_calls, p_per_minute, p_per_hour, p_now) t;
    END $chaos$`;
}
