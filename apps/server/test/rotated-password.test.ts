/** A password that changes while the service runs: its file is read again for each new connection, so no restart is needed. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase, until } from '@rollgate/testing';
import { addPerson, Browser } from './browser.js';
import { startService, type TestService } from './start-service.js';

let database: TestDatabase;
let folder: string;
let service: TestService | undefined;
const login = `service_${randomBytes(4).toString('hex')}`;

beforeEach(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'rollgate-rotated-'));
  await database.pool.query(`CREATE ROLE ${login} LOGIN PASSWORD 'first' IN ROLE rollgate_admin_api`);
});

afterEach(async () => {
  await service?.server.close();
  await database.drop();
  const elsewhere = await createTestDatabase({ migrated: false });
  await elsewhere.pool.query(`DROP ROLE ${login}`);
  await elsewhere.drop();
  rmSync(folder, { recursive: true, force: true });
});

test('every connection of the service uses the new password', async () => {
  const file = join(folder, 'database-url');
  const write = (password: string) =>
    writeFileSync(file, Object.assign(new URL(database.url), { username: login, password }).href);
  write('first');
  const readDatabaseUrl = () => readFileSync(file, 'utf8');
  service = await startService({ databaseUrl: readDatabaseUrl(), readDatabaseUrl });
  const running = service;
  const { login: person } = await addPerson(running, { role: 'support', login: 'ann@example.com' });
  expect((await new Browser(running).signIn(person)).status).toBe(200);
  await database.pool.query(`ALTER ROLE ${login} PASSWORD 'second'`);
  write('second');
  await database.pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${login}'`);
  await until(async () => (await running.call('/readyz')).status === 200, { what: 'the service is ready' });
  await until(async () => (await new Browser(running).signIn(person)).status === 200, {
    what: 'a person can sign in',
  });
  const names = async () =>
    (
      await database.pool.query<{ name: string }>(
        `SELECT DISTINCT application_name AS name FROM pg_stat_activity WHERE usename = '${login}'`,
      )
    ).rows.map(({ name }) => name);
  expect(await names()).toEqual(expect.arrayContaining(['rollgate', 'rollgate-admin', 'rollgate-probe']));
}, 90_000);
