import { AUDITOR_SETTINGS } from '@rollgate/migrations';
import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';
import { MEMBER_LOGINS } from './known-roles.js';

/**
 * Settings that keep an auditor's mistake from delaying decisions. Members of a group do not inherit the group's settings.
 */
const { TimeZone: _, ...WANTED } = AUDITOR_SETTINGS;

interface Row {
  readonly login: string;
  readonly quoted: string;
  readonly database: string;
  readonly shared: boolean;
  readonly settings: string[];
}

/** Checks that every auditor login has its own limits and belongs to one person. */
export async function checkAuditors(database: Queryable): Promise<Check> {
  const { rows } = await database.query<{ [Column in keyof Row]: Row[Column] }>(`
    WITH ${MEMBER_LOGINS}
    SELECT l.rolname::text AS login, quote_ident(l.rolname) AS quoted, quote_ident(current_database()) AS database,
           l.rolname = 'rollgate_auditor' AS shared,
           ARRAY(SELECT split_part(s, '=', 1) FROM pg_db_role_setting d CROSS JOIN unnest(d.setconfig) s
                 WHERE d.setrole = l.oid AND d.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))) AS settings
    FROM auditors l ORDER BY l.rolname`);
  const lacking = rows
    .map((row) => ({ ...row, missing: Object.keys(WANTED).filter((name) => !row.settings.includes(name)) }))
    .filter(({ missing }) => missing.length > 0);
  const shared = rows.filter((row) => row.shared);
  const found = {
    name: 'auditors',
    facts: { logins: rows.map(({ login }) => login), lacking: lacking.map(({ login }) => login) },
  };
  if (lacking.length === 0 && shared.length === 0) {
    const detail =
      rows.length === 0 ? 'no auditor has a login' : `${rows.map(({ login }) => login).join(', ')}, with limits`;
    return { ...found, status: 'ok', detail };
  }
  return {
    ...found,
    status: 'warning',
    detail: [
      ...lacking.map(({ login, missing }) => `${login} lacks ${missing.join(', ')}`),
      ...shared.map(({ login }) => `${login} is a login that auditors share`),
    ].join('; '),
    meaning:
      'A forgotten query or transaction of an auditor can slow decisions, and a shared login can change its limits for all.',
    remedy: [
      ...lacking.flatMap(({ quoted, database, missing }) =>
        missing.map((name) => `ALTER ROLE ${quoted} IN DATABASE ${database} SET ${name} = '${WANTED[name]}'`),
      ),
      ...(shared.length === 0
        ? []
        : ['rollgate login add NAME --as auditor, one for each person', 'ALTER ROLE rollgate_auditor NOLOGIN']),
    ],
  };
}
