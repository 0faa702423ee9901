import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

interface Row {
  readonly encrypted: boolean;
  readonly version: string | null;
  readonly remote: boolean;
  readonly open: string[];
}

/** Checks that network traffic is encrypted: on this connection, and on those of other sessions that this login may see. */
export async function checkConnection(database: Queryable): Promise<Check> {
  const { rows } = await database.query<{ [Column in keyof Row]: Row[Column] }>(`
    WITH sessions AS (
      SELECT a.pid, a.usename::text AS login, s.ssl, s.version, host(a.client_addr) AS address,
             a.client_addr IS NOT NULL AND NOT a.client_addr <<= '127.0.0.0/8' AND a.client_addr <> '::1' AS remote
      FROM pg_stat_activity a JOIN pg_stat_ssl s ON s.pid = a.pid
      WHERE a.datname = current_database()
    )
    SELECT coalesce(me.ssl, false) AS encrypted, me.version, coalesce(me.remote, false) AS remote,
           ARRAY(SELECT DISTINCT login || ' from ' || address FROM sessions WHERE remote AND NOT ssl ORDER BY 1 LIMIT 20) AS open
    FROM sessions me WHERE me.pid = pg_backend_pid()`);
  const { encrypted, version, remote, open } = rows[0] as Row;
  const found = { name: 'encryption', facts: { encrypted, remote, unencryptedSessions: open } };
  if (open.length === 0) {
    const own = encrypted ? `this connection uses ${version}` : 'this connection does not leave the machine';
    return { ...found, status: 'ok', detail: own };
  }
  return {
    ...found,
    status: 'warning',
    detail: `unencrypted: ${open.join(', ')}`,
    meaning: 'Passwords in transit are protected, but limits, accounts and names of staff can be read on the network.',
    remedy: ['add ?sslmode=verify-full to DATABASE_URL', 'let pg_hba.conf accept hostssl lines only'],
  };
}
