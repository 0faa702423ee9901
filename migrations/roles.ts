/** Creates missing roles and completes the others, with the rights that preflight has checked. */
import type pg from 'pg';
import type { DatabaseState } from './database-state.js';
import { MEMBERSHIP_OPTIONS_SINCE, MEMBERSHIPS, OWNER } from './groups.js';
import { quoted } from './preflight.js';

/** May be repeated. Another database of the server may have created some roles. Roles that can log in are not changed. */
export async function completeRoles(client: pg.Client, { server, roles }: DatabaseState): Promise<void> {
  for (const { name, exists } of roles) if (!exists) await client.query(`CREATE ROLE ${name} NOLOGIN`);
  const options = server.version >= MEMBERSHIP_OPTIONS_SINCE;
  for (const { member, of } of MEMBERSHIPS)
    if (!(await hasRole(client, member, of, 'USAGE')))
      await client.query(`GRANT ${of} TO ${member}${options ? ' WITH INHERIT TRUE' : ''}`);
  // From 16 on, the creator of a role may grant it, but has neither its rights nor SET ROLE.
  const uses = await hasRole(client, server.user, OWNER, 'USAGE');
  if (!uses || !(await hasRole(client, server.user, OWNER, options ? 'SET' : 'MEMBER')))
    await client.query(`GRANT ${OWNER} TO ${quoted(server.user)}${options ? ' WITH SET TRUE, INHERIT TRUE' : ''}`);
}

async function hasRole(client: pg.Client, member: string, role: string, how: string): Promise<boolean> {
  const { rows } = await client.query<{ has: boolean }>('SELECT pg_has_role($1::name, $2::name, $3) AS has', [
    member,
    role,
    how,
  ]);
  return rows[0]?.has === true;
}
