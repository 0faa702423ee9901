import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { engineOf, readEngineFacts } from '@rollgate/contract/database-engine';
import { connect, DatabaseUnavailableError, describeDatabase } from '@rollgate/migrations';
import type pg from 'pg';
import { checkAuditors } from './auditors.js';
import type { Check } from './check.js';
import { checkClock } from './clock.js';
import { checkConnection } from './connection.js';
import { checkConnections } from './connections.js';
import { checkEngine } from './engine.js';
import { checkGroups } from './groups.js';
import { checkInstances } from './instances.js';
import { checkLanes } from './lanes.js';
import { checkLogins } from './logins.js';
import { checkPostgres, type ServerCheck } from './postgres.js';
import { checkPublic } from './public.js';
import { checkRoles } from './roles.js';
import { checkCounters, checkMigrations } from './schema.js';
import { checkSession } from './session.js';
import { checkSetting, WANTED_SETTINGS } from './settings.js';
import { checkSuperusers } from './superusers.js';

/** Long enough for a busy server, short enough for a person who waits. */
const STATEMENT_MS = 5_000;
const INSUFFICIENT_PRIVILEGE = '42501';

type NamedCheck = readonly [name: string, check: () => Promise<Check>];

/**
 * Runs every check, in the order in which a person would fix problems. Writes nothing, so it works on a standby too. An
 * unreachable database is a finding.
 */
export async function examine(address: DatabaseAddress): Promise<Check[]> {
  let client: pg.Client;
  try {
    client = await connect({ ...address, applicationName: 'rollgate-doctor', queryTimeoutMs: STATEMENT_MS });
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError)) throw error;
    return [unreachable(error.message)];
  }
  try {
    const engine = engineOf(await readEngineFacts(client));
    // The other checks read what a refused engine may lack.
    if (engine.refusal !== undefined) return [checkEngine(engine)];
    const server = await checkPostgres(client, describeDatabase(address.databaseUrl));
    const migrations = await permitted('migrations', () => checkMigrations(client));
    const checks: NamedCheck[] = [
      ['engine', () => Promise.resolve(checkEngine(engine))],
      ['session', () => checkSession(client, address)],
      ['encryption', () => checkConnection(client)],
      ['migrations', () => Promise.resolve(migrations)],
      // A database that is not migrated has neither roles nor instances.
      ...(migrations.status === 'error' ? [] : checksOfAccess(client, server)),
      ['clock', () => checkClock(client, Date.now)],
      ...WANTED_SETTINGS.map((wanted): NamedCheck => [wanted.setting, () => checkSetting(client, { wanted, engine })]),
      ['counters', () => checkCounters(client)],
    ];
    const found = [server.check];
    for (const [name, check] of checks) found.push(await permitted(name, check));
    return found;
  } finally {
    await client.end();
  }
}

function checksOfAccess(client: pg.Client, server: ServerCheck): NamedCheck[] {
  return [
    ['roles', () => checkRoles(client)],
    ['groups', () => checkGroups(client)],
    ['logins', () => checkLogins(client)],
    ['superusers', () => checkSuperusers(client)],
    ['auditors', () => checkAuditors(client)],
    ['public', () => checkPublic(client, server)],
    // Instances report in an unlogged table, which a standby cannot read.
    ...(server.standby ? [] : checksOfInstances(client)),
  ];
}

function checksOfInstances(client: pg.Client): NamedCheck[] {
  return [
    ['instances', () => checkInstances(client)],
    ['connections', () => checkConnections(client)],
    ['lanes', () => checkLanes(client)],
  ];
}

/** A login with few rights still gets every result that it may read. */
async function permitted(name: string, check: () => Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    if ((error as { code?: unknown }).code !== INSUFFICIENT_PRIVILEGE) throw error;
    return {
      name,
      status: 'warning',
      detail: `not examined: ${(error as Error).message}`,
      meaning: 'The login of DATABASE_URL may not read what this check looks at.',
      remedy: ['run doctor with the login that migrates, or that of the service'],
    };
  }
}

function unreachable(detail: string): Check {
  return {
    name: 'database',
    status: 'error',
    detail,
    meaning: 'No program can reach it from here.',
    remedy: ['start the database, or correct DATABASE_URL'],
  };
}
