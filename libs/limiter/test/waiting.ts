import type pg from 'pg';

/** Resolves once a session waits for an advisory lock, so that tests need not guess how long that takes. */
export async function someoneWaits(pool: pg.Pool): Promise<void> {
  for (let i = 0; i < 500; i++) {
    const { rows } = await pool.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    if ((rows[0]?.waiting ?? 0) > 0) return;
  }
  throw new Error('no session waits for a lock');
}
