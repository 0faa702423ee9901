import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

interface Row {
  readonly program: string;
  readonly login: string;
  readonly super: boolean;
}

/** Finds connected Rollgate programs that have more rights than they need. */
export async function checkSuperusers(database: Queryable): Promise<Check> {
  const { rows } = await database.query<{ [Column in keyof Row]: Row[Column] }>(`
    SELECT DISTINCT a.application_name AS program, a.usename::text AS login, r.rolsuper AS super
    FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
    WHERE a.datname = current_database() AND a.application_name LIKE 'rollgate%'
      -- An administrator of the database runs these by hand.
      AND a.application_name <> ALL ('{rollgate-doctor,rollgate-migrate,rollgate-cli,rollgate-sql}')
      AND (r.rolsuper OR EXISTS (SELECT FROM pg_roles o WHERE o.rolname = 'rollgate_owner' AND pg_has_role(r.oid, o.oid, 'USAGE')))
    ORDER BY 1, 2`);
  const { rows: visible } = await database.query<{ all: boolean }>(
    `SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS all`,
  );
  const found = { name: 'superusers', facts: { programs: rows.map(({ program, login }) => `${program} as ${login}`) } };
  if (rows.length > 0) {
    return {
      ...found,
      status: 'warning',
      detail: rows
        .map((row) => `${row.program} works as ${row.login}, ${row.super ? 'a superuser' : 'an owner'}`)
        .join('; '),
      meaning: 'A fault or a break-in in these programs can change limits and history without a trace.',
      remedy: ['rollgate login add NAME --as runtime, or --as service; then change their DATABASE_URL'],
    };
  }
  const seen = visible[0]?.all ? '' : ', as far as this login can see (GRANT pg_read_all_stats shows the rest)';
  return { ...found, status: 'ok', detail: `no connected program works as a superuser or owner${seen}` };
}
