/** Holds back flushes of a test's limiters, and counts them. */
import type { TestDatabase } from '@rollgate/testing';
import { until } from '@rollgate/testing';

const LOCK = 4_711;

export interface HeldFlush {
  /** The number of flushes that were begun, apart from those that found nothing to flush. */
  begun(): Promise<number>;
  /** Waits until this many flushes wait. */
  untilWaiting(flushes: number): Promise<void>;
  /** Terminates the sessions whose flush waits. */
  terminate(): Promise<void>;
  /** Lets all flushes pass. */
  release(): Promise<void>;
}

/** From now on, a flush of this database waits until it is released. */
export async function holdFlush({ pool }: TestDatabase): Promise<HeldFlush> {
  await pool.query(`
    CREATE SEQUENCE IF NOT EXISTS rollgate.flushes_begun;
    CREATE OR REPLACE FUNCTION rollgate.flush(p_if_granted boolean DEFAULT false) RETURNS pg_lsn
    LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
      IF p_if_granted AND current_setting('rollgate.granted', true) <> 'yes' THEN RETURN NULL; END IF;
      PERFORM nextval('rollgate.flushes_begun'), pg_advisory_xact_lock(${LOCK});
      RETURN pg_logical_emit_message(true, 'rollgate', '');
    END $$;
    ALTER SEQUENCE rollgate.flushes_begun OWNER TO rollgate_owner`);
  const holder = await pool.connect();
  await holder.query(`SELECT pg_advisory_lock(${LOCK})`);
  let held = true;
  const waiting = `SELECT pid FROM pg_locks
    WHERE locktype = 'advisory' AND objid = ${LOCK} AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
  return {
    async begun() {
      const { rows } = await pool.query<{ begun: number }>(
        'SELECT CASE WHEN is_called THEN last_value ELSE 0 END::int AS begun FROM rollgate.flushes_begun',
      );
      return rows[0]?.begun ?? 0;
    },
    async untilWaiting(flushes) {
      const count = async () => (await pool.query(waiting)).rowCount === flushes;
      await until(count, { what: `${flushes} flushes wait` });
    },
    async terminate() {
      await pool.query(`SELECT pg_terminate_backend(pid) FROM (${waiting}) held`);
    },
    async release() {
      if (!held) return;
      held = false;
      await holder.query(`SELECT pg_advisory_unlock_all()`);
      holder.release();
    },
  };
}
