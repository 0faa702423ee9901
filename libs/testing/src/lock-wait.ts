import type pg from 'pg';
import { until } from './until.js';

/** Resolves once a session of the database waits for a lock, so that a test need not guess how long that takes. */
export async function untilSessionWaits(pool: pg.Pool): Promise<void> {
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  await until(async () => ((await pool.query(waiting)).rowCount ?? 0) > 0, {
    what: 'a session waits for a lock',
    pauseMs: 5,
  });
}
