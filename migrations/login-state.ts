/** Logins with rights of Rollgate. Roles belong to the whole server; the CONNECT privilege excludes those of other databases. */
import type pg from 'pg';
import { GROUPS, MEMBERSHIP_OPTIONS_SINCE, OWNER, type Purpose, ROLES } from './groups.js';

export interface LoginState {
  readonly name: string;
  /** The purposes whose rights it has; `owner`: it migrates. Rights that `service` includes are not listed. */
  readonly as: ReadonlyArray<Purpose | 'owner'>;
  /** Whether it belongs to this database: it owns the database, or CONNECT was granted to it. */
  readonly belongsHere: boolean;
  /** Whether it may connect to this database, possibly only as PUBLIC. */
  readonly connects: boolean;
  readonly canLogin: boolean;
  /** Whether it has the rights only after SET ROLE, which programs do not use. */
  readonly inherits: boolean;
  readonly expired: boolean;
  /** -1: no limit. */
  readonly connectionLimit: number;
  /** Its current sessions in this database. */
  readonly sessions: number;
  /** Its settings in this database, e.g. `statement_timeout=30s`. */
  readonly settings: readonly string[];
}

/** All roles that are members of a group, except superusers and the groups themselves, by name. */
export async function readLogins(client: Queryable): Promise<LoginState[]> {
  const { rows } = await client.query<LoginRow>(
    `SELECT r.rolname::text AS name, m.groups, m.inherits, r.rolcanlogin AS "canLogin", coalesce(r.rolvaliduntil < now(), false) AS expired,
            r.rolconnlimit AS "connectionLimit", has_database_privilege(r.oid, d.oid, 'CONNECT') AS connects,
            pg_has_role(r.oid, d.datdba, 'USAGE') OR EXISTS (
              SELECT FROM aclexplode(d.datacl) a WHERE a.grantee = r.oid AND a.privilege_type = 'CONNECT') AS "belongsHere",
            (SELECT count(*)::int FROM pg_stat_activity s WHERE s.usesysid = r.oid AND s.datid = d.oid) AS sessions,
            coalesce((SELECT s.setconfig FROM pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = d.oid), '{}') AS settings
     FROM pg_roles r
     JOIN pg_database d ON d.datname = current_database()
     CROSS JOIN LATERAL (
       SELECT array_agg(g.rolname::text ORDER BY g.rolname) AS groups, bool_and(pg_has_role(r.oid, g.oid, 'USAGE')) AS inherits
       FROM pg_roles g WHERE g.rolname = ANY ($1)
         AND (pg_has_role(r.oid, g.oid, 'USAGE') OR pg_has_role(r.oid, g.oid, CASE WHEN current_setting('server_version_num')::int >= ${MEMBERSHIP_OPTIONS_SINCE} THEN 'SET' ELSE 'MEMBER' END))
     ) m
     WHERE NOT r.rolsuper AND r.rolname <> ALL ($1) AND m.groups IS NOT NULL
     ORDER BY r.rolname`,
    [ROLES],
  );
  return rows.map(({ groups, ...login }) => ({ ...login, as: purposes(groups) }));
}

interface LoginRow extends Omit<LoginState, 'as'> {
  readonly groups: readonly string[];
}

/** The part of a client that is used here. */
interface Queryable {
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<pg.QueryResult<Row>>;
}

function purposes(groups: readonly string[]): Array<Purpose | 'owner'> {
  const named = (Object.entries(GROUPS) as Array<[Purpose, string]>).filter(([, group]) => groups.includes(group));
  const found = named.map(([purpose]) => purpose);
  const kept = found.includes('service')
    ? found.filter((purpose) => purpose !== 'runtime' && purpose !== 'maintenance')
    : found;
  return groups.includes(OWNER) ? ['owner', ...kept] : kept;
}
