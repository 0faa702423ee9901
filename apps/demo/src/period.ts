/** The period that is filled with data. */
export interface Period {
  readonly start: Date;
  readonly until: Date;
  /**
   * From this time on, `acquire` decides each call (traffic/live-traffic.ts). Earlier traffic is represented only by the rows
   * that would still exist.
   */
  readonly live: Date;
  /** A time between the start (0) and three hours before the end (1). */
  at(fraction: number): Date;
  /** A time this many minutes before the end. */
  ago(minutes: number): Date;
  /** A time this many hours after the end. */
  inHours(hours: number): Date;
}

/** Longer than the hour window, so every decision that is recomputed from recorded data was really made by `acquire`. */
export const LIVE_MINUTES = 75;

export function periodOf({ until, days }: { until: Date; days: number }): Period {
  const end = until.getTime();
  const begin = end - days * 86_400_000;
  const past = end - 3 * 3_600_000;
  const minute = Math.floor(end / 60_000) * 60_000;
  return {
    start: new Date(begin),
    until,
    live: new Date(minute - LIVE_MINUTES * 60_000),
    at: (fraction) => new Date(begin + Math.round(fraction * (past - begin))),
    ago: (minutes) => new Date(minute - minutes * 60_000),
    inHours: (hours) => new Date(end + hours * 3_600_000),
  };
}
