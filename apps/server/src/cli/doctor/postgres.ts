import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

/** The rule's SQL is tested on 15 and 18. */
const OLDEST_MAJOR = 15;

interface ServerRow {
  readonly version: string;
  readonly major: number;
  readonly readOnly: boolean;
}

export async function checkPostgres(database: Queryable, address: string): Promise<Check> {
  const { rows } = await database.query<ServerRow>(`
    SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
           current_setting('server_version_num')::int / 10000 AS major,
           pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS "readOnly"`);
  const { version, major, readOnly } = rows[0] as ServerRow;
  const found = { name: 'database', detail: `Postgres ${version} at ${address}`, facts: { version } };
  if (major < OLDEST_MAJOR) return { ...found, ok: false, remedy: `Rollgate needs Postgres ${OLDEST_MAJOR} or newer` };
  if (!readOnly) return { ...found, ok: true };
  return {
    ...found,
    ok: false,
    detail: `${found.detail}, read-only`,
    remedy: 'no call can be granted here: point DATABASE_URL to the primary, or make the database writable',
  };
}
