import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { migrate } from '@rollgate/migrations';
import { type EmbeddedPostgres, freePort, startEmbeddedPostgres } from '@rollgate/testing';
import pg from 'pg';
import { type OwnService, startOwnService, startService, type TestService } from './start-service.js';

let service: OwnService;

beforeAll(async () => {
  service = await startOwnService();
});

afterAll(() => service?.stop());

function notReady(checks: unknown) {
  const message = 'This instance is not ready to serve.';
  return { type: 'about:blank', title: 'Service Unavailable', status: 503, message, checks };
}

test('a healthy service is ready, and its probes are never cached', async () => {
  const [live, ready] = [await service.call('/healthz'), await service.call('/readyz')];
  expect([live.status, live.body]).toEqual([200, { status: 'ok' }]);
  expect(ready.status).toBe(200);
  expect(ready.body).toMatchObject({
    status: 'ok',
    details: { database: { status: 'up' }, migrations: { status: 'up' }, counters: { status: 'up' } },
  });
  for (const { headers } of [live, ready]) expect(headers.get('cache-control')).toContain('no-store');
});

test('if the database does not respond within a second the service is not ready but alive, and is ready again when the database is', async () => {
  const holder = await service.database.pool.connect();
  await holder.query('BEGIN; LOCK TABLE rollgate.migration IN ACCESS EXCLUSIVE MODE');
  try {
    const startedAt = performance.now();
    const order: string[] = [];
    const ask = async (path: string) => {
      const answer = await service.call(path);
      order.push(path);
      return answer;
    };
    const [first, second, live] = await Promise.all([ask('/readyz'), ask('/readyz'), ask('/healthz')]);
    // One second, plus time for a busy test machine.
    expect(performance.now() - startedAt).toBeLessThan(2_500);
    for (const { status, body } of [first, second]) {
      expect(status).toBe(503);
      expect(body).toEqual(notReady({ database: { status: 'down', message: expect.any(String) } }));
    }
    expect([live.status, order[0]]).toEqual([200, '/healthz']);
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
  expect((await service.call('/readyz')).status).toBe(200);
});

test('hundreds of simultaneous probes use one database connection', async () => {
  await Promise.all(Array.from({ length: 100 }, () => service.call('/readyz')));
  const { rows } = await service.database.pool.query(
    `SELECT count(*)::int AS open FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'rollgate-probe'`,
  );
  expect(rows).toEqual([{ open: 1 }]);
});

test('with a pending migration the service is not ready and says what to do', async () => {
  const { rows } = await service.database.pool.query('DELETE FROM rollgate.migration RETURNING *');
  const { status, headers, body } = await service.call('/readyz');
  await service.database.pool.query(
    'INSERT INTO rollgate.migration SELECT * FROM json_populate_recordset(NULL::rollgate.migration, $1)',
    [JSON.stringify(rows)],
  );
  expect(status).toBe(503);
  expect(headers.get('content-type')).toContain('application/problem+json');
  expect(body['checks']).toMatchObject({
    database: { status: 'up' },
    migrations: {
      status: 'down',
      pending: expect.arrayContaining(['001-baseline']),
      message: 'run "rollgate migrate"',
    },
    counters: { status: 'up' },
  });
});

test.each(['counter', 'bucket', 'lane', 'freed'])('without the table %s the service is not ready', async (table) => {
  await service.database.pool.query(`ALTER TABLE rollgate.${table} RENAME TO ${table}_away`);
  const { status, body } = await service.call('/readyz');
  await service.database.pool.query(`ALTER TABLE rollgate.${table}_away RENAME TO ${table}`);
  expect(status).toBe(503);
  expect(body['checks']).toMatchObject({
    migrations: { status: 'up' },
    counters: { status: 'down', missing: [`rollgate.${table}`] },
  });
});

test('on a standby the service is not ready and gives the reason, and it is ready once the standby is promoted', async () => {
  const folder = await mkdtemp(join(tmpdir(), `rollgate-test-${process.pid}-`));
  await chmod(folder, 0o711);
  const dataFolder = join(folder, 'data');
  const settings = { fsync: 'off', wal_level: 'replica', hot_standby: 'on' };
  let postgres: EmbeddedPostgres | undefined;
  let own: TestService | undefined;
  try {
    const port = await freePort();
    postgres = await startEmbeddedPostgres({ dataFolder, port, settings });
    await migrate({ databaseUrl: postgres.url });
    own = await startService({ databaseUrl: postgres.url });
    expect((await own.call('/readyz')).status).toBe(200);

    // A server that finds this file starts as a standby and stays one until it is promoted.
    await postgres.stop();
    await writeFile(join(dataFolder, 'standby.signal'), '');
    postgres = await startEmbeddedPostgres({ dataFolder, port, settings });
    const { status, body } = await own.call('/readyz');
    expect(status).toBe(503);
    expect(body['checks']).toMatchObject({
      database: { status: 'down', message: 'it is a standby: DATABASE_URL must lead to the primary' },
    });

    const client = new pg.Client(postgres.url);
    await client.connect();
    await client.query('SELECT pg_promote(true)');
    await client.end();
    expect((await own.call('/readyz')).status).toBe(200);
  } finally {
    await own?.server.close();
    await postgres?.stopImmediate();
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);

test('on a primary that was made read-only the service is not ready', async () => {
  const { rows } = await service.database.pool.query<{ name: string }>(
    'SELECT quote_ident(current_database()) AS name',
  );
  const name = rows[0]?.name;
  await service.database.pool.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
  let own: TestService | undefined;
  try {
    own = await startService({ databaseUrl: service.database.url });
    const { status, body } = await own.call('/readyz');
    expect(status).toBe(503);
    expect(body['checks']).toMatchObject({
      database: { status: 'down', message: 'it is read-only (default_transaction_read_only)' },
    });
  } finally {
    await own?.server.close();
    await service.database.pool.query('SET default_transaction_read_only = off');
    await service.database.pool.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
  }
});

test('while the database is unavailable the service is alive but not ready, and each change is logged once', async () => {
  const folder = await mkdtemp(join(tmpdir(), `rollgate-test-${process.pid}-`));
  await chmod(folder, 0o711);
  const start = (port: number) =>
    startEmbeddedPostgres({ dataFolder: join(folder, 'data'), port, settings: { fsync: 'off' } });
  let postgres: EmbeddedPostgres | undefined;
  let own: TestService | undefined;
  try {
    const port = await freePort();
    postgres = await start(port);
    await migrate({ databaseUrl: postgres.url });
    own = await startService({ databaseUrl: postgres.url });
    expect((await own.call('/readyz')).status).toBe(200);

    await postgres.stop();
    for (let probe = 0; probe < 3; probe++) {
      const { status, text } = await own.call('/readyz');
      expect(status).toBe(503);
      expect(text).not.toContain(String(port));
    }
    expect((await own.call('/healthz')).status).toBe(200);
    expect((await own.call('/')).status).toBe(200);

    postgres = await start(port);
    expect((await own.call('/readyz')).status).toBe(200);
    expect(own.log.map(({ msg }) => msg).filter((msg) => /ready/.test(String(msg)))).toEqual([
      'not ready',
      'ready again',
    ]);
  } finally {
    await own?.server.close();
    await postgres?.stopImmediate();
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);
