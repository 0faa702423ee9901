/** Child: a day of traffic on a simulated clock, with the janitor running, and the size of the tables after each hour. */
import { Janitor } from '@rollgate/limiter';
import pg from 'pg';
import { ADMIT_ALL } from '../contenders/contender.js';
import { Rollgate } from '../contenders/rollgate.js';
import { accountOf } from '../load/traffic.js';
import { childProgram } from './child-program.js';

export interface SimulatedDayJob {
  readonly databaseUrl: string;
  readonly subjects: number;
  /** Minutes between two calls of the same subject. */
  readonly everyMinutes: number;
  readonly hours: number;
  readonly keepSeconds: number;
}

export interface SimulatedDayResult {
  /** Size of the counter tables with their indexes after each hour, in bytes. */
  readonly bytesByHour: readonly number[];
  readonly decisions: number;
  /** Rows that the janitor removed. */
  readonly removed: number;
}

const MINUTE_MS = 60_000;
/** The janitor's default. */
const SWEEP_EVERY_MINUTES = 5;
const SIZE = `SELECT (pg_total_relation_size('rollgate.counter') + pg_total_relation_size('rollgate.bucket'))::float8 AS bytes`;

childProgram<SimulatedDayJob, SimulatedDayResult>(async (job) => {
  // The size of the tables does not depend on flushing. With synchronous commits the day would take ten times as long.
  const url = new URL(job.databaseUrl);
  url.searchParams.set('options', '-c synchronous_commit=off');
  let nowMs = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  const clock = () => nowMs;
  const contender = new Rollgate({ databaseUrl: url.href, redisPort: 0, limits: ADMIT_ALL, clock });
  await contender.open();
  const pool = new pg.Pool({ connectionString: url.href, max: 2 });
  const janitor = new Janitor({ pool, clock, keepSeconds: job.keepSeconds, pauseMs: 0 });
  const bytesByHour: number[] = [];
  let decisions = 0;
  let removed = 0;
  for (let minute = 0; minute < job.hours * 60; minute++) {
    nowMs += MINUTE_MS;
    if (minute % job.everyMinutes === 0) {
      const names = namesAt(minute, job.subjects);
      await Promise.all(names.map((name, i) => contender.decide(accountOf(i), name)));
      decisions += names.length;
    }
    if ((minute + 1) % Math.max(SWEEP_EVERY_MINUTES, job.everyMinutes) === 0) {
      const totals = await janitor.sweep();
      removed += (totals?.heads ?? 0) + (totals?.buckets ?? 0);
    }
    if ((minute + 1) % 60 === 0) {
      // By the thresholds of autovacuum, both tables are vacuumed about once an hour.
      await pool.query('VACUUM rollgate.counter');
      await pool.query('VACUUM rollgate.bucket');
      bytesByHour.push((await pool.query<{ bytes: number }>(SIZE)).rows[0]?.bytes ?? 0);
    }
  }
  await pool.end();
  await contender.close();
  return { bytesByHour, decisions, removed };
});

/**
 * A third of the subjects are the same all day; two thirds are new each hour, so the janitor also has to remove idle head rows.
 */
function namesAt(minute: number, subjects: number): string[] {
  const hour = Math.floor(minute / 60);
  return Array.from({ length: subjects }, (_, i) => (i % 3 === 0 ? `stays-${i}` : `hour-${hour}-${i}`));
}
