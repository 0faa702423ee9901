/** A server that is not what it was: another clock, another timeline. The database itself says so, in every function that asks. */
import type pg from 'pg';

/** The database's clock is this far from its machine's from now on, for every function of Rollgate's. */
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

/** Another server has taken the database's place: a promoted standby, or a restored backup. */
export async function replaceServer(pool: pg.Pool, timeline: string): Promise<void> {
  await pool.query(`
    CREATE OR REPLACE FUNCTION rollgate.server_place() RETURNS text LANGUAGE sql STABLE AS $$ SELECT '1/${timeline}/1' $$`);
}
