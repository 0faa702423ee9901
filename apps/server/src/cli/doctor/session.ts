import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { sessionProblems } from '@rollgate/contract/database-session';
import type { Queryable } from '../../database/queryable.js';
import type { Check } from './check.js';

/** Programs set what results depend on when they connect. Doctor connects the same way and checks the resulting settings. */
export async function checkSession(database: Queryable, { pooled = false }: DatabaseAddress): Promise<Check> {
  const problems = await sessionProblems(database);
  const found = { name: 'session', facts: { pooled, settings: problems.map(({ setting }) => setting) } };
  if (problems.length === 0) {
    const how = pooled ? 'through a connection pooler' : 'direct connections';
    return { ...found, status: 'ok', detail: `${how}; no setting of the database changes results` };
  }
  return {
    ...found,
    status: 'error',
    detail: problems.map(({ setting, value }) => `${setting} = "${value}"`).join(', '),
    meaning: 'The connection pooler does not pass these settings on. Programs with this login refuse to start.',
    remedy: [...problems.map(({ repair }) => repair), 'let the pooler reconnect (PgBouncer: RECONNECT)'],
  };
}
