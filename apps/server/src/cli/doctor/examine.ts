import { connect, DatabaseUnavailableError, describeDatabase } from '@rollgate/migrations';
import type pg from 'pg';
import type { DatabaseAddress } from '../../database/database-address.js';
import type { Check } from './check.js';
import { checkClock } from './clock.js';
import { checkNodes } from './nodes.js';
import { checkPostgres } from './postgres.js';
import { checkRoles } from './roles.js';
import { checkCounters, checkMigrations } from './schema.js';
import { checkSettings } from './settings.js';

/** Long enough for a busy server, short enough for a person who waits. */
const STATEMENT_MS = 5_000;

/** Looks at everything, in the order in which a person would repair it. An unreachable database is a finding. */
export async function examine(address: DatabaseAddress): Promise<Check[]> {
  let client: pg.Client;
  try {
    client = await connect({ ...address, applicationName: 'rollgate-doctor', queryTimeoutMs: STATEMENT_MS });
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError)) throw error;
    return [unreachable(error.message)];
  }
  try {
    const migrations = await checkMigrations(client);
    return [
      await checkPostgres(client, describeDatabase(address.databaseUrl)),
      migrations,
      // An older schema has neither: to migrate comes first.
      ...(migrations.ok ? [await checkRoles(client), await checkNodes(client)] : []),
      await checkClock(client, Date.now),
      ...(await checkSettings(client)),
      await checkCounters(client),
    ];
  } finally {
    await client.end();
  }
}

function unreachable(detail: string): Check {
  return {
    name: 'database',
    ok: false,
    detail,
    remedy: 'start it, or correct DATABASE_URL',
  };
}
