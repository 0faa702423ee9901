import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';
import { GROUPS } from './known-roles.js';

const ROLES = ['rollgate_owner', ...GROUPS];

interface RolesRow {
  readonly missing: string[];
  readonly strangers: string[];
  readonly writers: string[];
}

/** The roles are there, the tables are the owner's, and nobody but the owner can write what has a history. */
export async function checkRoles(database: Queryable): Promise<Check> {
  const { rows } = await database.query<{ [Column in keyof RolesRow]: RolesRow[Column] }>(
    `SELECT ARRAY(SELECT name FROM unnest($1::text[]) AS name WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)) AS missing,
            ARRAY(SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = to_regnamespace('rollgate') AND c.relkind IN ('r', 'p')
                    AND c.relname <> 'migration' AND pg_get_userbyid(c.relowner) <> 'rollgate_owner' ORDER BY 1) AS strangers,
            ARRAY(SELECT DISTINCT r.rolname::text FROM pg_roles r CROSS JOIN unnest(ARRAY['history', 'override', 'catalogue', 'counter']) AS t
                  WHERE NOT r.rolsuper AND r.rolname <> 'rollgate_owner' AND r.rolname NOT LIKE 'pg\\_%' AND to_regclass('rollgate.' || t) IS NOT NULL
                    AND NOT pg_has_role(r.oid, 'rollgate_owner', 'MEMBER')
                    AND has_table_privilege(r.oid, 'rollgate.' || t, 'INSERT, UPDATE, DELETE')) AS writers`,
    [ROLES],
  );
  const { missing, strangers, writers } = rows[0] as RolesRow;
  const found = { name: 'roles', facts: { missing, strangers, writers } };
  if (missing.length > 0) {
    return {
      ...found,
      status: 'error',
      detail: `${missing.join(', ')} missing`,
      meaning: 'Programs and auditors have no rights here.',
      remedy: ['rollgate migrate', 'after a restore from a dump: pg_dumpall --roles-only keeps roles'],
    };
  }
  if (strangers.length > 0) {
    return {
      ...found,
      status: 'error',
      detail: `rollgate_owner does not own ${strangers.join(', ')}`,
      meaning: 'Functions that run with the rights of the owner fail.',
      remedy: strangers.map((table) => `ALTER TABLE rollgate.${table} OWNER TO rollgate_owner`),
    };
  }
  if (writers.length > 0) {
    return {
      ...found,
      status: 'error',
      detail: `${writers.join(', ')} may write tables directly`,
      meaning: 'Changes by these roles leave no history.',
      remedy: writers.map((role) => `REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA rollgate FROM ${role}`),
    };
  }
  return { ...found, status: 'ok', detail: 'the owner owns all tables and nobody else writes them' };
}
