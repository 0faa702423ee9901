/** Allows one migration at a time by an advisory lock. It ends with the transaction, so it also works through a pooler. */
import type pg from 'pg';

// Any constant, since lanes use locks with two integers. 0.1.0 used the same one.
const MIGRATION_LOCK = 7_655_283_001;

/** A lock was not free in time. The message names the sessions that hold it. */
export class MigrationLockError extends Error {
  override readonly name = 'MigrationLockError';
}

/** A session of pg_stat_activity. Without sufficient rights, its address and times are unknown. */
interface Holder {
  readonly pid: number;
  readonly user: string | null;
  readonly application: string | null;
  readonly address: string | null;
  readonly state: string | null;
  readonly since: Date | null;
}

/** Waits for the lock until the transaction's lock_timeout. If it has to wait, calls `onWait` with one line. */
export async function takeMigrationLock(client: pg.Client, onWait: (line: string) => void): Promise<void> {
  const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_xact_lock($1::bigint) AS taken', [
    MIGRATION_LOCK,
  ]);
  if (rows[0]?.taken === true) return;
  const holders = await readHolders(client, ADVISORY, [MIGRATION_LOCK]);
  onWait(`waiting for another migration${holders.length === 0 ? '' : `: ${holders.map(describe).join('; ')}`}`);
  await client.query('SELECT pg_advisory_xact_lock($1::bigint)', [MIGRATION_LOCK]);
}

/** Explains a lock_timeout, on another connection than the failed transaction. */
export async function explainLockTimeout(
  client: pg.Client,
  { lockTimeoutMs, hadLock }: { lockTimeoutMs: number; hadLock: boolean },
): Promise<MigrationLockError> {
  const seconds = lockTimeoutMs / 1_000;
  const holders = hadLock
    ? await readHolders(client, TABLES, [])
    : await readHolders(client, ADVISORY, [MIGRATION_LOCK]);
  const what = hadLock
    ? `a table of Rollgate stayed locked for ${seconds} s`
    : `another migration did not finish within ${seconds} s`;
  const who =
    holders.length === 0
      ? 'the session that held the lock has ended: run the command again'
      : `held by ${holders.map(describe).join('; ')}. Wait for it, end it with SELECT pg_terminate_backend(${holders[0]?.pid}), or wait longer with --lock-timeout`;
  return new MigrationLockError(`${what}; nothing of the migration was applied; ${who}`);
}

async function readHolders(client: pg.Client, which: string, values: unknown[]): Promise<Holder[]> {
  const { rows } = await client.query<{ [Column in keyof Holder]: Holder[Column] }>(
    `SELECT DISTINCT l.pid, a.usename::text AS user, nullif(a.application_name, '') AS application, host(a.client_addr) AS address, a.state,
            coalesce(a.xact_start, a.state_change) AS since
     FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.granted AND l.pid <> pg_backend_pid() AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND ${which}
     ORDER BY since NULLS LAST LIMIT 3`,
    values,
  );
  return rows;
}

const ADVISORY = `l.locktype = 'advisory' AND l.objsubid = 1
  AND l.classid = ($1::bigint >> 32)::oid AND l.objid = ($1::bigint & 4294967295)::oid`;

const TABLES = `l.locktype = 'relation' AND l.relation IN (
  SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('rollgate', 'rollgate_audit'))`;

function describe({ pid, user, application, address, state, since }: Holder): string {
  const parts = [
    `pid ${pid}`,
    ...(application === null ? [] : [`application ${application}`]),
    ...(user === null ? [] : [`user ${user}`]),
    `from ${address ?? 'an unknown address'}`,
    ...(state === null ? [] : [state]),
    ...(since === null ? [] : [`since ${since.toISOString()}`]),
  ];
  return parts.join(', ');
}
