import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';
import { MEMBER_LOGINS } from './known-roles.js';

interface Row {
  readonly login: string;
  readonly quoted: string;
  readonly database: string;
  readonly connect: boolean;
  readonly connections: number;
  readonly expired: boolean;
  /** null: the connected login may not see it. */
  readonly passwordless: boolean | null;
}

/** Checks whether the logins of programs and auditors can sign in to this database. */
export async function checkLogins(database: Queryable): Promise<Check> {
  const { rows: me } = await database.query<{ seesPasswords: boolean }>(
    `SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT') AS "seesPasswords"`,
  );
  const password = me[0]?.seesPasswords
    ? '(SELECT a.rolpassword IS NULL FROM pg_catalog.pg_authid a WHERE a.oid = l.oid)'
    : 'NULL::boolean';
  const { rows } = await database.query<{ [Column in keyof Row]: Row[Column] }>(`
    WITH ${MEMBER_LOGINS}
    SELECT l.rolname::text AS login, quote_ident(l.rolname) AS quoted, quote_ident(current_database()) AS database,
           has_database_privilege(l.oid, current_database(), 'CONNECT') AS connect, l.rolconnlimit AS connections,
           coalesce(l.rolvaliduntil < now(), false) AS expired, ${password} AS passwordless
    FROM logins l ORDER BY l.rolname`);
  const found = { name: 'logins', facts: { logins: rows.map(({ login }) => login) } };
  const faults = rows.flatMap(faultsOf);
  if (faults.length === 0) {
    const detail = rows.length === 0 ? 'no program has a login of its own' : rows.map(({ login }) => login).join(', ');
    return { ...found, status: 'ok', detail };
  }
  return {
    ...found,
    status: 'warning',
    detail: faults.map(({ detail }) => detail).join('; '),
    meaning: 'These logins have rights on limits but cannot sign in here, or can do so only without a password.',
    remedy: faults.map(({ remedy }) => remedy),
  };
}

function faultsOf({ login, quoted, database, connect, connections, expired, passwordless }: Row) {
  const faults: { detail: string; remedy: string }[] = [];
  const add = (detail: string, remedy: string) => faults.push({ detail: `${login} ${detail}`, remedy });
  if (!connect) add('may not connect to this database', `GRANT CONNECT ON DATABASE ${database} TO ${quoted}`);
  if (connections === 0) add('may have no connection', `ALTER ROLE ${quoted} CONNECTION LIMIT -1`);
  if (expired) add('has an expired password', `ALTER ROLE ${quoted} VALID UNTIL 'infinity'`);
  if (passwordless) add('has no password', `ALTER ROLE ${quoted} PASSWORD '…', unless it signs in by certificate`);
  return faults;
}
