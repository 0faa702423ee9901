import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { sessionClient } from '@rollgate/contract/database-session';
import pg from 'pg';
import { oddDatabaseSettings } from './odd-settings.js';
import { TEMPLATE_DATABASE, withDatabase } from './test-server.js';

/** A database that only one test file uses. */
export interface TestDatabase {
  readonly url: string;
  /** Opens up to 10 connections, on first use. */
  readonly pool: pg.Pool;
  /** Ends the pool and drops the database, even if other sessions are still connected. */
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** `false` creates an empty database without Rollgate's schema. Default: `true`. */
  readonly migrated?: boolean;
  /** Connection string of a superuser. Default: the server that the test run started. */
  readonly serverUrl?: string;
}

/** Copies the migrated template, which takes tens of milliseconds; migrating would take a second. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const serverUrl = options.serverUrl ?? process.env['ROLLGATE_TEST_SERVER_URL'];
  if (serverUrl === undefined) throw new Error('there is no test server: run the tests with "npm test"');
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`;
  const template = options.migrated === false ? 'template1' : TEMPLATE_DATABASE;
  await asAdmin(serverUrl, (admin) => createFrom(admin, name, template));
  const url = withDatabase(serverUrl, name);
  // ROLLGATE_ODD_SETTINGS=1 npm test runs all tests with unusual settings.
  if (process.env['ROLLGATE_ODD_SETTINGS'] !== undefined) await oddDatabaseSettings(url);
  const pool = new pg.Pool({ connectionString: url, Client: sessionClient(pg.Client), max: 10 });
  // Dropping a database with FORCE ends idle connections, which is not a failure of the test.
  pool.on('error', () => undefined);
  const drop = async () => {
    if (!pool.ended) await pool.end();
    await asAdmin(serverUrl, (admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
  };
  return { url, pool, drop };
}

async function createFrom(admin: pg.Client, name: string, template: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
      return;
    } catch (error) {
      // 55006: another session, e.g. autovacuum, is connected to the template. Retry.
      if ((error as { code?: string }).code !== '55006' || attempt === 50) throw error;
      await sleep(100);
    }
  }
}

async function asAdmin(serverUrl: string, work: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}
