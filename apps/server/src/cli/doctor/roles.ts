import { OWNER, readDatabaseState } from '@rollgate/migrations';
import type pg from 'pg';
import type { Check } from './check.js';

interface RightsRow {
  readonly owner: string;
  readonly strangers: string[];
  readonly writers: string[];
}

// A role that may become the owner may do everything; that is not a separate finding.
const RIGHTS = `
  WITH owner AS (SELECT nspowner AS oid FROM pg_namespace WHERE nspname = 'rollgate')
  SELECT pg_get_userbyid(owner.oid)::text AS owner,
         ARRAY(SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = to_regnamespace('rollgate') AND c.relkind IN ('r', 'p')
                 AND c.relowner <> owner.oid ORDER BY 1) AS strangers,
         ARRAY(SELECT DISTINCT r.rolname::text FROM pg_roles r JOIN pg_class t ON t.relnamespace = to_regnamespace('rollgate')
               WHERE t.relname IN ('history', 'override', 'catalogue', 'counter') AND NOT r.rolsuper AND r.rolname NOT LIKE 'pg\\_%'
                 AND NOT pg_has_role(r.oid, owner.oid, 'USAGE') AND has_table_privilege(r.oid, t.oid, 'INSERT, UPDATE, DELETE')) AS writers
  FROM owner`;

/**
 * Checks that the roles exist and are complete, that the owner owns the tables, and that no other role can write tables
 * with a history.
 */
export async function checkRoles(database: pg.Client): Promise<Check> {
  const { mode, roles, missingMemberships } = await readDatabaseState(database);
  const { rows } = await database.query<{ [Column in keyof RightsRow]: RightsRow[Column] }>(RIGHTS);
  const { owner, strangers, writers } = rows[0] as RightsRow;
  const own = mode !== 'none';
  const missing = own
    ? [
        ...roles.filter(({ exists }) => !exists).map(({ name }) => name),
        ...missingMemberships.map(({ member, of }) => `${member} in ${of}`),
        ...(owner === OWNER ? [] : [`${OWNER} as the owner of the schema rollgate`]),
      ]
    : [];
  const found = { name: 'roles', facts: { mode: mode ?? 'unknown', missing, strangers, writers } };
  if (missing.length > 0) {
    return {
      ...found,
      status: 'error',
      detail: `missing: ${missing.join(', ')}`,
      meaning: 'Programs and auditors lack rights here.',
      remedy: ['rollgate migrate --repair-access', 'after a restore from a dump: pg_dumpall --roles-only keeps roles'],
    };
  }
  if (strangers.length > 0) {
    return {
      ...found,
      status: 'error',
      detail: `${owner} does not own ${strangers.join(', ')}`,
      meaning: 'Functions that run with the rights of the owner fail.',
      remedy: strangers.map((table) => `ALTER TABLE rollgate.${table} OWNER TO ${owner}`),
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
  if (own) return { ...found, status: 'ok', detail: 'the owner owns all tables and no other role writes them' };
  return {
    ...found,
    status: 'warning',
    detail: `migrated with --roles none: every program works as ${owner}, with all rights`,
    meaning: 'Programs and auditors that sign in as the owner can change limits and history without a trace.',
    remedy: ['where roles can be made: give Rollgate a database of its own and run "rollgate migrate" there'],
  };
}
