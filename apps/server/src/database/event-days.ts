/** How a read of recent limit events leaves out the partitions of older days when Postgres plans it. */

const HOUR_MS = 3_600_000;
/** The clocks of this process and of the database may differ by this much. */
const SLACK_MS = 24 * HOUR_MS;

/**
 * A time before every event of the last hours, for a condition such as `e.first_at > $1` beside the exact one. Postgres knows a
 * parameter when it plans, unlike the present time, and opens only the days that can match: planning with all days of 90 takes
 * tens of milliseconds.
 */
export const daysOfLast = ({ hours }: { hours: number }): Date => new Date(Date.now() - hours * HOUR_MS - SLACK_MS);
