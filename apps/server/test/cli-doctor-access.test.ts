/** What doctor reports about logins and rights, and on a standby. */

import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createPostgresLimiter, Janitor } from '@rollgate/limiter';
import { migrate } from '@rollgate/migrations';
import { type EmbeddedPostgres, startEmbeddedPostgres, withDatabase } from '@rollgate/testing';
import pg from 'pg';
import type { Check } from '../src/cli/doctor/check.js';
import { examine } from '../src/cli/doctor/examine.js';
import { rollgate } from './run-rollgate.js';

// Roles belong to the whole server, so this file uses its own server.
let folder: string;
let primary: EmbeddedPostgres;
let client: pg.Client;
let url: string;
const SETTINGS = { wal_level: 'replica', hot_standby: 'on' };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), `rollgate-test-${process.pid}-`));
  await chmod(folder, 0o711);
  primary = await startEmbeddedPostgres({ dataFolder: join(folder, 'data'), settings: SETTINGS });
  await atServer('CREATE DATABASE production');
  url = withDatabase(primary.url, 'production');
  await migrate({ databaseUrl: url });
  client = new pg.Client(url);
  client.on('error', () => undefined);
  await client.connect();
}, 60_000);

afterAll(async () => {
  await client?.end().catch(() => undefined);
  await primary?.stopImmediate();
  await rm(folder, { recursive: true, force: true });
});

async function atServer(sql: string): Promise<void> {
  const admin = new pg.Client(primary.url);
  await admin.connect();
  await admin.query(sql).finally(() => admin.end());
}

async function checkOf(name: string, databaseUrl = url): Promise<Check | undefined> {
  return (await examine({ databaseUrl })).find((check) => check.name === name);
}

/** Runs as the login of the service, which is only in the service's group. */
async function decideAndSweep(): Promise<void> {
  const databaseUrl = Object.assign(new URL(url), { username: 'production_service', password: 'x' }).href;
  const limiter = createPostgresLimiter({ catalogue: sampleCatalogue, databaseUrl, janitor: false, budgetMs: 5_000 });
  const decision = await limiter.acquire({ account: 'acme', api: 'publish-bot', dimensions: { bot: 'b-1' } });
  await limiter.close();
  expect(decision).toMatchObject({ allowed: true, mode: 'enforced' });
  const pool = new pg.Pool({ connectionString: databaseUrl });
  expect(await new Janitor({ pool, pauseMs: 0 }).sweep().finally(() => pool.end())).toBeDefined();
}

/** Runs each SQL statement that doctor suggests. Other remedies are for people. */
async function repair(check: Check | undefined): Promise<void> {
  for (const line of check?.remedy ?? []) if (/^(ALTER|GRANT|REVOKE) [^…]*$/.test(line)) await client.query(line);
}

test('a login of another environment can connect through PUBLIC, and the statements that doctor suggests prevent it', async () => {
  await client.query(`CREATE ROLE staging_service LOGIN PASSWORD 'x' IN ROLE rollgate_admin_api`);
  await client.query(`CREATE ROLE production_service LOGIN PASSWORD 'x' IN ROLE rollgate_admin_api`);
  await client.query('GRANT CONNECT ON DATABASE production TO production_service');
  const found = await checkOf('public');
  expect(found).toMatchObject({ status: 'warning', facts: { strangers: ['staging_service'] } });
  expect(found?.remedy?.[0]).toBe('REVOKE CONNECT ON DATABASE production FROM PUBLIC');
  await client.query(found?.remedy?.[0] as string);
  expect(await checkOf('public')).toMatchObject({ status: 'ok', facts: { publicConnects: false, strangers: [] } });
  const logins = await checkOf('logins');
  expect(logins).toMatchObject({
    status: 'warning',
    detail: 'staging_service may not connect to this database',
    remedy: ['GRANT CONNECT ON DATABASE production TO staging_service'],
  });
  await client.query('DROP ROLE staging_service');
  expect(await checkOf('logins')).toMatchObject({ status: 'ok', detail: 'production_service' });
});

test('doctor reports a REVOKE that changed nothing because its login owns nothing, as on managed Postgres', async () => {
  await client.query('GRANT CONNECT ON DATABASE production TO PUBLIC');
  await client.query(`CREATE ROLE other_service LOGIN PASSWORD 'x' IN ROLE rollgate_runtime`);
  await client.query(`CREATE ROLE manager LOGIN PASSWORD 'x' CREATEROLE`);
  const asManager = Object.assign(new URL(url), { username: 'manager', password: 'x' }).href;
  const manager = new pg.Client(asManager);
  await manager.connect();
  await manager.query('REVOKE CONNECT ON DATABASE production FROM PUBLIC').finally(() => manager.end());
  expect(await checkOf('public', asManager)).toMatchObject({
    status: 'warning',
    facts: { publicConnects: true, strangers: ['other_service'] },
    remedy: [
      expect.stringMatching(/FROM PUBLIC \(as postgres, who owns the database/),
      expect.any(String),
      expect.any(String),
    ],
  });
  await client.query('REVOKE CONNECT ON DATABASE production FROM PUBLIC');
  await client.query('DROP ROLE other_service; DROP ROLE manager');
});

test('logins that cannot sign in are reported with what they lack', async () => {
  await client.query(`CREATE ROLE mute LOGIN CONNECTION LIMIT 0 VALID UNTIL '2020-01-01' IN ROLE rollgate_runtime`);
  await client.query('GRANT CONNECT ON DATABASE production TO mute');
  const found = await checkOf('logins');
  expect(found).toMatchObject({
    status: 'warning',
    detail: 'mute may have no connection; mute has an expired password; mute has no password',
  });
  await repair(found);
  expect(await checkOf('logins')).toMatchObject({ detail: 'mute has no password' });
  await client.query('REVOKE CONNECT ON DATABASE production FROM mute; DROP ROLE mute');
});

test('auditors without limits, or with a shared login, are reported', async () => {
  await client.query(`CREATE ROLE ann LOGIN PASSWORD 'x' IN ROLE rollgate_auditor`);
  await client.query('GRANT CONNECT ON DATABASE production TO ann');
  const found = await checkOf('auditors');
  expect(found).toMatchObject({ status: 'warning', facts: { logins: ['ann'], lacking: ['ann'] } });
  expect(found?.remedy).toContain(`ALTER ROLE ann IN DATABASE production SET statement_timeout = '30s'`);
  await repair(found);
  expect(await checkOf('auditors')).toMatchObject({ status: 'ok' });
  const open = await checkOf('public');
  expect(open).toMatchObject({ status: 'warning', facts: { temporary: ['ann'], lockers: ['ann'] } });
  expect(open?.remedy?.join()).toMatch(/REVOKE TEMPORARY ON DATABASE production FROM PUBLIC.*replica/);
  await repair(open);
  expect(await checkOf('public')).toMatchObject({ facts: { temporary: [], lockers: ['ann'] } });
  const documented = await readFile(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
  await client.query(/```sql\n(DO \$\$[^`]*advisory[^`]*)```/.exec(documented)?.[1] as string);
  expect(await checkOf('public')).toMatchObject({ status: 'ok', facts: { lockers: [] } });
  await decideAndSweep();
  await client.query(`ALTER ROLE rollgate_auditor LOGIN`);
  expect((await checkOf('auditors'))?.detail).toContain('rollgate_auditor is a login that auditors share');
  await client.query(`ALTER ROLE rollgate_auditor NOLOGIN`);
});

test('a program that runs as a superuser is reported, and the exit code is 1 only with --strict', async () => {
  const service = new pg.Client({ connectionString: url, application_name: 'rollgate-admin' });
  await service.connect();
  try {
    expect(await checkOf('superusers')).toMatchObject({
      status: 'warning',
      detail: 'rollgate-admin works as postgres, a superuser',
    });
    expect((await rollgate(['doctor'], url)).code).toBe(0);
    const strict = await rollgate(['doctor', '--strict'], url);
    expect([strict.code, strict.stdout]).toEqual([1, expect.stringMatching(/\nWarnings: superusers\.\n$/)]);
  } finally {
    await service.end();
  }
});

test('doctor works on a standby, where auditors cannot delay decisions', async () => {
  const standby = await startStandby();
  try {
    const databaseUrl = withDatabase(standby.url, 'production');
    const checks = await examine({ databaseUrl });
    expect(checks.filter(({ status }) => status !== 'ok').map(({ name }) => name)).toEqual(['database']);
    expect(checks[0]).toMatchObject({ status: 'warning', facts: { standby: true } });
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['roles', 'auditors', 'migrations', 'counters']),
    );
    expect((await rollgate(['doctor', '--json'], databaseUrl)).code).toBe(0);
    const audit = await rollgate(['sql', '-c', 'SELECT count(*) FROM rollgate_audit.limit_events_v1'], databaseUrl);
    expect([audit.code, audit.stderr]).toEqual([0, '']);
  } finally {
    await standby.stopImmediate();
  }
}, 90_000);

/** The embedded binaries have no pg_basebackup, so this copies the data folder of a stopped server. */
async function startStandby(): Promise<EmbeddedPostgres> {
  const dataFolder = join(folder, 'standby');
  await client.end();
  await primary.stop();
  const { hostname, username, password } = new URL(primary.url);
  const { port } = primary;
  execFileSync('cp', ['-a', join(folder, 'data'), dataFolder]);
  execFileSync('cp', ['-a', join(folder, 'data.password'), `${dataFolder}.password`]);
  await writeFile(join(dataFolder, 'standby.signal'), '');
  primary = await startEmbeddedPostgres({ dataFolder: join(folder, 'data'), settings: SETTINGS, port });
  const conninfo = `host=${hostname} port=${port} user=${username} password=${password}`;
  const standby = await startEmbeddedPostgres({ dataFolder, settings: { ...SETTINGS, primary_conninfo: conninfo } });
  await sleep(500);
  return standby;
}
