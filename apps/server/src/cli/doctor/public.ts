import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';
import { MEMBER_LOGINS } from './known-roles.js';

interface Row {
  readonly database: string;
  readonly owner: string;
  readonly mayRevoke: boolean;
  readonly publicConnects: boolean;
  /** Logins that can connect only through PUBLIC: neither they nor their roles were granted the right. */
  readonly strangers: string[];
  readonly temporary: string[];
  readonly lockers: string[];
}

const READ = `
  WITH ${MEMBER_LOGINS},
    database AS (SELECT d.oid, d.datname, d.datdba, coalesce(d.datacl, acldefault('d', d.datdba)) AS acl FROM pg_database d WHERE d.datname = current_database()),
    grants AS (SELECT a.grantee, a.privilege_type FROM database CROSS JOIN LATERAL aclexplode(acl) a),
    -- Who may become rollgate_owner can migrate, in every database that it may connect to.
    migrators AS (SELECT r.* FROM pg_roles r JOIN pg_roles o ON o.rolname = 'rollgate_owner'
                  WHERE r.rolcanlogin AND NOT r.rolsuper AND r.oid <> o.oid AND pg_has_role(r.oid, o.oid, 'USAGE')),
    locks AS (SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '^pg_(try_)?advisory_(xact_)?lock(_shared)?$')
  SELECT quote_ident(d.datname) AS database, pg_get_userbyid(d.datdba)::text AS owner,
         pg_has_role(current_user, d.datdba, 'USAGE') AS "mayRevoke",
         EXISTS (SELECT FROM grants WHERE grantee = 0 AND privilege_type = 'CONNECT') AS "publicConnects",
         ARRAY(SELECT l.rolname::text FROM (SELECT oid, rolname FROM logins UNION SELECT oid, rolname FROM migrators) l
               WHERE has_database_privilege(l.oid, d.oid, 'CONNECT') AND NOT EXISTS (
                 SELECT FROM grants g WHERE g.grantee <> 0 AND g.privilege_type = 'CONNECT' AND pg_has_role(l.oid, g.grantee, 'USAGE'))
               ORDER BY 1) AS strangers,
         ARRAY(SELECT a.rolname::text FROM auditors a WHERE has_database_privilege(a.oid, d.oid, 'TEMP') ORDER BY 1) AS temporary,
         ARRAY(SELECT a.rolname::text FROM auditors a WHERE EXISTS (SELECT FROM locks WHERE has_function_privilege(a.oid, locks.oid, 'EXECUTE')) ORDER BY 1) AS lockers
  FROM database d`;

/**
 * Checks the rights that every login has through PUBLIC until they are revoked. A REVOKE by a login that owns neither the
 * database nor the function only warns and changes nothing, as on managed Postgres. So the check reads the effective
 * rights.
 */
export async function checkPublic(database: Queryable, { standby }: { readonly standby: boolean }): Promise<Check> {
  const { rows } = await database.query<{ [Column in keyof Row]: Row[Column] }>(READ);
  const row = rows[0] as Row;
  const { publicConnects, strangers, temporary, lockers } = row;
  const found = { name: 'public', facts: { publicConnects, strangers, temporary, lockers: standby ? [] : lockers } };
  const findings = [...strangerFindings(row), ...temporaryFindings(row), ...(standby ? [] : lockerFindings(row))];
  if (findings.length === 0)
    return { ...found, status: 'ok', detail: 'no login gets in, or holds up decisions, by a right of PUBLIC' };
  return {
    ...found,
    status: 'warning',
    detail: findings.map(({ detail }) => detail).join('; '),
    meaning: findings.map(({ meaning }) => meaning).join(' '),
    remedy: findings.flatMap(({ remedy }) => remedy),
  };
}

interface Finding {
  readonly detail: string;
  readonly meaning: string;
  readonly remedy: readonly string[];
}

function strangerFindings({ strangers, database, owner, mayRevoke }: Row): Finding[] {
  if (strangers.length === 0) return [];
  const by = mayRevoke ? '' : ` (as ${owner}, who owns the database: by another login it changes nothing)`;
  return [
    {
      detail: `${strangers.join(', ')} may connect through PUBLIC`,
      meaning: 'Roles belong to the whole server, so the login of another environment has its rights here too.',
      remedy: [
        `REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC${by}`,
        `GRANT CONNECT ON DATABASE ${database} TO …, each login that belongs here`,
        'or both at once: "rollgate login exclusive" shows who would keep and who would lose access, --apply does it',
      ],
    },
  ];
}

function temporaryFindings({ temporary, database, owner, mayRevoke }: Row): Finding[] {
  if (temporary.length === 0) return [];
  const by = mayRevoke ? '' : ` (as ${owner}, who owns the database: by another login it changes nothing)`;
  return [
    {
      detail: `${temporary.join(', ')} may create temporary tables`,
      meaning: 'Temporary tables of an auditor can fill the disk.',
      remedy: [`REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC${by}`],
    },
  ];
}

function lockerFindings({ lockers }: Row): Finding[] {
  if (lockers.length === 0) return [];
  return [
    {
      detail: `${lockers.join(', ')} may take the locks that decisions wait for`,
      meaning:
        'An auditor who takes advisory locks holds up decisions. On managed Postgres only a replica prevents that.',
      remedy: [
        'give auditors a replica: there they can hold up nothing',
        'or, as a superuser, revoke the lock functions from PUBLIC (docs/operations.md, "The auditor\'s access")',
      ],
    },
  ];
}
