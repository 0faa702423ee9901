/** Simulates a changed server (another clock, another timeline) by replacing the database functions that read them. */
import type pg from 'pg';

/** From now on, the database's clock differs from its machine's by this much, for every function of Rollgate. */
export async function shiftClock(pool: pg.Pool, seconds: number): Promise<void> {
  const { rows } = await pool.query<{ sql: string }>(
    `SELECT pg_get_functiondef(p.oid) AS sql FROM pg_proc p
     WHERE p.pronamespace = 'rollgate'::regnamespace AND p.prokind = 'f' AND p.prosrc LIKE '%clock_timestamp()%'`,
  );
  const shifted = `(clock_timestamp() + interval '${seconds} s')`;
  for (const { sql } of rows) {
    const plain = sql.replaceAll(/\(clock_timestamp\(\) \+ interval '-?\d+ s'\)/g, 'clock_timestamp()');
    await pool.query(plain.replaceAll('clock_timestamp()', shifted));
  }
}

/** Simulates that another server has taken the database's place: a promoted standby or a restored backup. */
export async function replaceServer(pool: pg.Pool, timeline: string): Promise<void> {
  await pool.query(`
    CREATE OR REPLACE FUNCTION rollgate.server_place() RETURNS text LANGUAGE sql STABLE AS $$ SELECT '1/${timeline}/1' $$`);
}
