/** `rollgate login`, on its own server, because roles belong to the whole server. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { migrate } from '@rollgate/migrations';
import { type EmbeddedPostgres, startEmbeddedPostgres, withDatabase } from '@rollgate/testing';
import pg from 'pg';
import type { Check } from '../src/cli/doctor/check.js';
import { type Run, rollgateHere } from './run-rollgate.js';

let folder: string;
let postgres: EmbeddedPostgres;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), `rollgate-test-${process.pid}-`));
  await chmod(folder, 0o711);
  postgres = await startEmbeddedPostgres({ dataFolder: join(folder, 'data'), settings: { fsync: 'off' } });
  await query(postgres.url, 'CREATE DATABASE production');
  url = withDatabase(postgres.url, 'production');
  await migrate({ databaseUrl: url });
}, 60_000);

afterAll(async () => {
  await postgres?.stopImmediate();
  await rm(folder, { recursive: true, force: true });
});

async function query(databaseUrl: string, sql: string): Promise<pg.QueryResult> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  return client.query(sql).finally(() => client.end());
}

const login = (...args: string[]): Promise<Run> => rollgateHere(['login', ...args], url);
const address = () => `127.0.0.1:${postgres.port}/production`;

async function doctor(name: string): Promise<Check | undefined> {
  const { stdout } = await rollgateHere(['doctor', '--json'], url);
  return (JSON.parse(stdout) as { checks: Check[] }).checks.find((check) => check.name === name);
}

test('login add creates a login and shows its password once, in a connection string that works', async () => {
  const { code, stdout, stderr } = await login('add', 'shop-api', '--as', 'runtime');
  expect([code, stderr]).toEqual([0, expect.stringMatching(/login exclusive/)]);
  const [first, second, third] = stdout.split('\n');
  expect([first, third]).toEqual([
    `shop-api may sign in to ${address()} as runtime`,
    'The password is not shown again.',
  ]);
  const own = second?.replace('DATABASE_URL=', '') ?? '';
  expect((await query(own, 'SELECT current_user AS name')).rows).toEqual([{ name: 'shop-api' }]);
  const listed = await login('list');
  expect(listed.stdout).toMatch(/^shop-api +runtime +0 connections$/m);
  expect(listed.stdout).not.toContain(new URL(own).password);
  const changed = JSON.parse((await login('password', 'shop-api', '--json')).stdout) as { databaseUrl: string };
  await query(changed.databaseUrl, 'SELECT');
  await expect(query(own, 'SELECT')).rejects.toMatchObject({ code: '28P01' });
});

test('login add takes a password from a file, also when repeated with --ensure, and does not print it', async () => {
  const file = join(folder, 'password');
  await writeFile(file, 'correct horse battery\n');
  const args = ['add', 'svc', '--as', 'service', '--password-file', file];
  const { code, stdout } = await login(...args);
  expect([code, stdout.includes('horse')]).toEqual([0, false]);
  expect(await login(...args)).toMatchObject({ code: 1, stderr: expect.stringMatching(/There is a role svc already/) });
  expect(await login(...args, '--ensure')).toMatchObject({ code: 0 });
  expect(await login('add', 'svc', '--as', 'service', '--ensure')).toMatchObject({
    code: 1,
    stderr: 'rollgate: --ensure needs --password-file or --password-stdin\n',
  });
  await query(Object.assign(new URL(url), { username: 'svc', password: 'correct horse battery' }).href, 'SELECT');
});

test('doctor has no finding about logins that login add created, but reports a group that can sign in', async () => {
  await login('add', 'mia', '--as', 'auditor', '--connections', '2');
  for (const name of ['roles', 'logins', 'auditors', 'groups'])
    expect([name, (await doctor(name))?.status]).toEqual([name, 'ok']);
  await query(url, `ALTER ROLE rollgate_runtime LOGIN PASSWORD 'old'`);
  const found = await doctor('groups');
  expect(found).toMatchObject({ status: 'warning', detail: 'rollgate_runtime can sign in, as 0.1.0 made it' });
  await query(url, found?.remedy?.at(-1) ?? '');
  expect((await doctor('groups'))?.status).toBe('ok');
});

test('a revoked membership is reported, and migrate --repair-access restores it', async () => {
  await query(url, 'REVOKE rollgate_runtime FROM rollgate_admin_api');
  expect(await doctor('roles')).toMatchObject({
    status: 'error',
    detail: 'missing: rollgate_admin_api in rollgate_runtime',
    remedy: expect.arrayContaining(['rollgate migrate --repair-access']),
  });
  expect((await rollgateHere(['migrate', '--repair-access'], url)).code).toBe(0);
  expect((await doctor('roles'))?.status).toBe('ok');
});

test('login exclusive shows what it would do, and does it only with --apply', async () => {
  await query(postgres.url, `CREATE ROLE staging LOGIN PASSWORD 'staging' IN ROLE rollgate_admin_api`);
  expect(await login('exclusive')).toEqual({
    code: 0,
    stderr: '',
    stdout:
      'would keep, with CONNECT of its own: none\nwould no longer connect to production: staging\nNothing was changed. Run it again with --apply.\n',
  });
  expect((await login('list')).stdout).toMatch(
    /^staging +service +0 connections, of another database, and may connect here too$/m,
  );
  expect((await login('exclusive', '--apply')).stdout).toMatch(/\nCONNECT on production was taken from PUBLIC\n$/);
  expect((await login('list')).stdout).toMatch(/^staging .*of another database$/m);
  expect((await login('exclusive')).stdout).toBe('production is closed: only logins that were given it may connect\n');
});

test('login remove deletes a login, and refuses one that does not exist or is not Rollgate’s', async () => {
  expect(await login('remove', 'mia')).toEqual({ code: 0, stdout: 'mia is removed\n', stderr: '' });
  for (const name of ['mia', 'postgres', 'rollgate_owner', 'staging'])
    expect(await login('remove', name)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/not a login of this database/),
    });
});

test('without Rollgate’s roles no login can be created, and doctor explains the consequence', async () => {
  await query(postgres.url, 'CREATE DATABASE plain');
  const plain = withDatabase(postgres.url, 'plain');
  expect((await rollgateHere(['migrate', '--roles', 'none'], plain)).code).toBe(0);
  expect(await rollgateHere(['login', 'add', 'x', '--as', 'runtime'], plain)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/migrated with --roles none/),
  });
  const { stdout } = await rollgateHere(['doctor', '--json'], plain);
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  expect(checks.find(({ name }) => name === 'roles')).toMatchObject({
    status: 'warning',
    detail: 'migrated with --roles none: every program works as postgres, with all rights',
  });
});
