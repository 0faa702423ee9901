/** The service and its command line in a database with settings that change how values are written and read. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  findPgBouncer,
  ODD_SETTINGS,
  oddDatabaseSettings,
  type PgBouncer,
  startPgBouncer,
  type TestDatabase,
} from '@rollgate/testing';
import { addPerson, Browser, browserOf } from './browser.js';
import { rollgate } from './run-rollgate.js';
import { startService, type TestService } from './start-service.js';

// biome-ignore lint/suspicious/noExplicitAny: tests read response bodies without types
type Json = Record<string, any>;

let database: TestDatabase;
let service: TestService;
beforeAll(async () => {
  database = await createTestDatabase();
  await oddDatabaseSettings(database.url);
  service = await startService({ databaseUrl: database.url });
});
afterAll(async () => {
  await service?.server.close();
  await database?.drop();
});

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();
const SPEC = { account: 'acme', api: 'publish-bot', perMinute: 100, perHour: 3_000, reason: 'test' };

/** Signs in; saves, lists, changes, expires and undoes an override; reads its history. */
async function changeLimits(of: TestService): Promise<void> {
  const { login } = await addPerson(of, { role: 'admin' });
  const browser = new Browser(of);
  expect((await browser.signIn(login)).status).toBe(200);
  const expiresAt = inAnHour();
  const created = (await browser.post('/admin/api/overrides', { ...SPEC, expiresAt })).body as Json;
  expect(created['override']).toMatchObject({ account: 'acme', state: 'inForce', expiresAt });
  const { id, version } = created['override'];
  const match = (value: number) => ({ 'if-match': `"${value}"` });
  const changed = await browser.patch(`/admin/api/overrides/${id}`, { perMinute: 120, reason: 'more' }, match(version));
  expect([changed.status, (changed.body as Json)['override']?.perMinute]).toEqual([200, 120]);
  const listed = (await browser.get('/admin/api/overrides?account=acme&state=inForce')).body as Json;
  expect(listed['items']).toHaveLength(1);
  const ended = await browser.post(`/admin/api/overrides/${id}/expire`, { reason: 'done' }, match(version + 1));
  expect(ended.status).toBe(200);
  const { historyId } = ended.body as Json;
  expect((await browser.post(`/admin/api/history/${historyId}/undo`, { reason: 'not yet' })).status).toBe(200);
  const history = (await browser.get('/admin/api/history?account=acme')).body as Json;
  expect(history['items'].map(({ action }: Json) => action)).toEqual(['undo', 'expire', 'change', 'create']);
}

test('staff sign in, change limits and read the history despite such settings', async () => {
  await changeLimits(service);
  const viewer = await browserOf(service, 'viewer');
  for (const path of ['accounts?q=a', 'limit-events', 'requests', 'catalogue', 'near-limit', 'system'])
    expect([path, (await viewer.get(`/admin/api/${path}`)).status]).toEqual([path, 200]);
});

test('the command line adds staff, reads the audit views and explains a denial despite such settings', async () => {
  const added = await rollgate(['staff', 'add', 'first@example.com', '--role', 'admin', '--json'], database.url);
  expect([added.code, added.stderr]).toEqual([0, '']);
  expect(JSON.parse(added.stdout)).toMatchObject({
    staff: { login: 'first@example.com' },
    password: expect.any(String),
  });
  const sql = "SELECT min(at) > now() - interval '1 hour' AS fresh FROM rollgate_audit.override_history_v1";
  expect(await rollgate(['sql', '--format', 'csv', '-c', sql], database.url)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^fresh\r?\nt\b/),
  });
  const verified = await rollgate(['audit', 'verify'], database.url);
  expect([verified.code, verified.stderr]).toEqual([0, '']);
});

const throughPgBouncer = findPgBouncer() === undefined ? test.skip : test;

throughPgBouncer('through PgBouncer the service, doctor and the audit views work; unpooled it is named', async () => {
  const pooled = await createTestDatabase();
  const { default_transaction_isolation: _isolation, array_nulls: _nulls, ...replaced } = ODD_SETTINGS;
  await oddDatabaseSettings(pooled.url, replaced);
  let bouncer: PgBouncer | undefined;
  let through: TestService | undefined;
  try {
    bouncer = await startPgBouncer({ url: pooled.url });
    const url = bouncer.through(pooled.url);
    await expect(startService({ databaseUrl: url })).rejects.toThrow(/connection pooler: set ROLLGATE_POOLED=true/);
    through = await startService({ databaseUrl: url, pooled: true });
    await changeLimits(through);
    const env = { ROLLGATE_POOLED: 'true' };
    const audit = await rollgate(['sql', '--format', 'csv', '-c', 'SELECT current_user; SHOW timezone'], url, env);
    expect(audit).toMatchObject({ code: 0, stdout: expect.stringContaining('rollgate_auditor') });
    const refused = await rollgate(['sql', '-c', 'CREATE TABLE x ()'], url, env);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/permission denied|read-only/)]);
    const doctor = JSON.parse((await rollgate(['doctor', '--json'], url, env)).stdout) as Json;
    expect(doctor['checks'].find(({ name }: Json) => name === 'session')).toMatchObject({
      status: 'ok',
      facts: { pooled: true, settings: [] },
    });
    const sessions = await pooled.pool.query(
      `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    expect(sessions.rows).toEqual([{ n: 0 }]);
  } finally {
    await through?.server.close();
    await bouncer?.stop();
    await pooled.drop();
  }
});
