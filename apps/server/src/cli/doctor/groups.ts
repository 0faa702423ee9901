import { GROUPS, OWNER } from '@rollgate/migrations';
import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

/**
 * Finds groups that can sign in themselves, as 0.1.0 created them. Roles belong to the whole server, so such a password is
 * the same for every database on it, and sessions do not show which program opened them.
 */
export async function checkGroups(database: Queryable): Promise<Check> {
  const { rows } = await database.query<{ name: string }>(
    'SELECT rolname::text AS name FROM pg_roles WHERE rolname = ANY ($1) AND rolcanlogin ORDER BY 1',
    [[OWNER, ...Object.values(GROUPS)]],
  );
  const open = rows.map(({ name }) => name);
  const found = { name: 'groups', facts: { open } };
  if (open.length === 0) return { ...found, status: 'ok', detail: 'no group can sign in itself' };
  return {
    ...found,
    status: 'warning',
    detail: `${open.join(', ')} can sign in, as 0.1.0 made ${open.length === 1 ? 'it' : 'them'}`,
    meaning:
      'Such a password signs in to every database of the server, and programs and people cannot be distinguished.',
    remedy: [
      'rollgate login add NAME --as …, one for each program and person; then change their DATABASE_URL',
      ...open.map((group) => `ALTER ROLE ${group} NOLOGIN PASSWORD NULL`),
    ],
  };
}
