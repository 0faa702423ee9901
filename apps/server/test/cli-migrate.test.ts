import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pendingMigrations } from '@rollgate/migrations';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { rollgate } from './run-rollgate.js';

let database: TestDatabase;
let all: string[];

beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
  all = await pendingMigrations({ databaseUrl: database.url });
});

afterEach(() => database.drop());

function address(): string {
  const { host, pathname } = new URL(database.url);
  return `${host}${pathname}`;
}

test('migrate brings an empty database up to date, and a second run has nothing to do', async () => {
  const upToDate = `${address()} is up to date: ${all.join(', ')}\n`;
  expect(await rollgate(['migrate'], database.url)).toEqual({
    code: 0,
    stdout: `${all.map((name) => `applied ${name}\n`).join('')}${upToDate}`,
    stderr: '',
  });
  expect(await pendingMigrations({ databaseUrl: database.url })).toEqual([]);
  expect(await rollgate(['migrate'], database.url)).toEqual({ code: 0, stdout: upToDate, stderr: '' });
});

test('migrate --json reports what this run applied and the state after it', async () => {
  const { code, stdout, stderr } = await rollgate(['migrate', '--json'], database.url);
  expect([code, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toEqual({
    database: address(),
    appliedNow: all,
    warnings: [],
    applied: all,
    pending: [],
    unknown: [],
  });
});

test('migrate --status changes nothing', async () => {
  const { code, stdout } = await rollgate(['migrate', '--status'], database.url);
  expect([code, stdout]).toEqual([0, all.map((name) => `pending  ${name}\n`).join('')]);
  expect(await pendingMigrations({ databaseUrl: database.url })).toEqual(all);
  const { rows } = await database.pool.query(`SELECT FROM pg_namespace WHERE nspname = 'rollgate'`);
  expect(rows).toEqual([]);
});

test('migrate --status reports migrations of a newer Rollgate', async () => {
  await rollgate(['migrate'], database.url);
  await database.pool.query(
    `INSERT INTO rollgate.migration (timestamp, name) VALUES (9999999999999, '999-future-9999999999999')`,
  );
  const text = await rollgate(['migrate', '--status'], database.url);
  expect(text.stdout).toBe(
    `${all.map((name) => `applied  ${name}\n`).join('')}applied  999-future  (of a newer Rollgate)\n`,
  );
  const json = await rollgate(['migrate', '--status', '--json'], database.url);
  expect(JSON.parse(json.stdout)).toEqual({
    database: address(),
    applied: [...all, '999-future'],
    pending: [],
    unknown: ['999-future'],
  });
});

test('migrate refuses a schema that is not Rollgate’s, with one line for the problem and one for the remedy', async () => {
  await database.pool.query('CREATE SCHEMA rollgate_audit; CREATE TABLE rollgate_audit.theirs (id int)');
  expect(await rollgate(['migrate'], database.url)).toEqual({
    code: 1,
    stdout: '',
    stderr:
      "rollgate: The schema rollgate_audit of this database is not Rollgate's: it belongs to postgres and holds table rollgate_audit.theirs of postgres. Nothing was changed.\n" +
      'rollgate: Rename it (ALTER SCHEMA rollgate_audit RENAME TO …), drop it if it is not needed, or give Rollgate another database. An empty schema is taken over.\n',
  });
});

test.each([
  [['--roles', 'some'], /Allowed choices are own, none/],
  [['--lock-timeout', '0'], /whole number of seconds/],
])('migrate refuses the arguments %j', async (args, message) => {
  const { code, stderr } = await rollgate(['migrate', ...args], database.url);
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
});
