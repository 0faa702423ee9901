/**
 * Closes a database to logins of other databases. By default Postgres lets every login connect to every database, and all databases
 * of a server have the same groups. Until the database is closed, a login for staging also works in production on the same server.
 */
import type pg from 'pg';
import { GROUPS, OWNER, ROLES } from './groups.js';
import { quoted } from './preflight.js';

export interface ExclusivePlan {
  readonly database: string;
  /** Whether every login may connect. */
  readonly open: boolean;
  /** Logins that use this database without their own CONNECT privilege. They are granted it. */
  readonly given: readonly string[];
  /** Logins that may connect, but do not use this database. They can no longer connect afterward. */
  readonly closedOut: readonly string[];
}

/** Returns what `makeExclusive` would do. Changes nothing. */
export async function planExclusive(client: pg.Client): Promise<ExclusivePlan> {
  const { rows } = await client.query<{ database: string; open: boolean }>(
    `SELECT d.datname::text AS database, EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
       WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT') AS open
     FROM pg_database d WHERE d.datname = current_database()`,
  );
  const { database, open } = rows[0] as { database: string; open: boolean };
  const logins = open ? await readOthers(client) : [];
  return {
    database,
    open,
    given: logins.filter(({ uses }) => uses).map(({ name }) => name),
    closedOut: logins.filter(({ uses }) => !uses).map(({ name }) => name),
  };
}

/** @throws Error when the user does not own the database */
export async function makeExclusive(client: pg.Client): Promise<ExclusivePlan> {
  const plan = await planExclusive(client);
  if (!plan.open) return plan;
  const { rows } = await client.query<{ owns: boolean; owner: string }>(
    `SELECT pg_has_role(datdba, 'USAGE') AS owns, pg_get_userbyid(datdba)::text AS owner FROM pg_database WHERE datname = current_database()`,
  );
  if (rows[0]?.owns !== true)
    throw new Error(`Only ${rows[0]?.owner}, who owns the database ${plan.database}, or a superuser may close it`);
  const database = quoted(plan.database);
  await client.query('BEGIN');
  try {
    for (const name of plan.given) await client.query(`GRANT CONNECT ON DATABASE ${database} TO ${quoted(name)}`);
    await client.query(`REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC`);
    await client.query('COMMIT');
    return plan;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/**
 * Logins that can connect only as PUBLIC. A login uses this database if it, or a role whose rights it has, owns something here
 * or was granted something here, or when it is connected now. Membership in Rollgate's groups does not count: every database of
 * the server has the same.
 */
async function readOthers(client: pg.Client): Promise<ReadonlyArray<{ name: string; uses: boolean }>> {
  const { rows } = await client.query<{ name: string; uses: boolean }>(
    `SELECT r.rolname::text AS name,
            EXISTS (
              SELECT FROM pg_shdepend s JOIN pg_roles q ON q.oid = s.refobjid
              WHERE s.refclassid = 'pg_authid'::regclass AND s.dbid = d.oid AND q.rolname <> ALL ($1) AND pg_has_role(r.oid, q.oid, 'USAGE'))
            OR (EXISTS (SELECT FROM pg_stat_activity a WHERE a.usesysid = r.oid AND a.datid = d.oid)
                AND NOT EXISTS (SELECT FROM pg_roles g WHERE g.rolname = ANY ($2) AND pg_has_role(r.oid, g.oid, 'USAGE'))) AS uses
     FROM pg_roles r JOIN pg_database d ON d.datname = current_database()
     WHERE r.rolcanlogin AND NOT r.rolsuper AND NOT pg_has_role(r.oid, d.datdba, 'USAGE')
       AND NOT EXISTS (SELECT FROM aclexplode(d.datacl) a
                       WHERE a.privilege_type = 'CONNECT' AND a.grantee <> 0 AND pg_has_role(r.oid, a.grantee, 'USAGE'))
     ORDER BY 1`,
    [ROLES, [OWNER, ...Object.values(GROUPS)]],
  );
  return rows;
}
