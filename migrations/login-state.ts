/** Who can sign in and gets rights of Rollgate's. Roles belong to the whole server: what keeps another database's out is CONNECT. */
import type pg from 'pg';
import { GROUPS, MEMBERSHIP_OPTIONS_SINCE, OWNER, type Purpose, ROLES } from './groups.js';

export interface LoginState {
  readonly name: string;
  /** What it has the rights of; `owner`: it migrates. Of `service` the rights that it includes are left out. */
  readonly as: ReadonlyArray<Purpose | 'owner'>;
  /** It was given to this database: CONNECT was granted to itself, or the database is its own. */
  readonly belongsHere: boolean;
  /** It may connect to this database, if only because everybody may. */
  readonly connects: boolean;
  readonly canLogin: boolean;
  /** Rights come only after SET ROLE, which programs do not do. */
  readonly inherits: boolean;
  readonly expired: boolean;
  /** -1: no limit. */
  readonly connectionLimit: number;
  /** Its sessions in this database, now. */
  readonly sessions: number;
  /** Set for it in this database, e.g. `statement_timeout=30s`. */
  readonly settings: readonly string[];
}

/** Every role, superusers and the groups themselves apart, that is a member of one of the groups. By name. */
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

/** As much of a client as reading needs. */
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
