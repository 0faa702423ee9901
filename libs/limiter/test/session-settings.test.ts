/**
 * The settings of the database do not affect the limiter, and a pooler must either be configured as one or is reported
 * by name.
 */

import { afterEach, expect, test } from '@jest/globals';
import { checkSession, sessionClient } from '@rollgate/contract/database-session';
import { sampleCatalogue } from '@rollgate/contract/sample';
import {
  createTestDatabase,
  findPgBouncer,
  ODD_SETTINGS,
  oddDatabaseSettings,
  type PgBouncer,
  startPgBouncer,
  type TestDatabase,
} from '@rollgate/testing';
import pg from 'pg';
import { createPostgresLimiter, EventDays, Janitor, type Limiter } from '../src/index.js';
import { openSampleLimiter } from './sample-limiter.js';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function oddDatabase(settings = ODD_SETTINGS): Promise<TestDatabase> {
  const database = await createTestDatabase();
  open.push(() => database.drop());
  await oddDatabaseSettings(database.url, settings);
  return database;
}

async function bouncerBefore({ url }: TestDatabase, settings = {}): Promise<PgBouncer> {
  const bouncer = await startPgBouncer({ url, poolSize: 2, settings });
  open.push(() => bouncer.stop());
  return bouncer;
}

function clientOf(url: string, options: { pooled?: boolean } = {}): pg.Client {
  const client = new (sessionClient(pg.Client, options))({ connectionString: url });
  client.on('error', () => undefined);
  open.push(() => client.end());
  return client;
}

async function decideAndExplain(limiter: Limiter): Promise<void> {
  const call = { account: 'acme', api: 'publish-bot', dimensions: { bot: 'b-1' } };
  const decisions = [];
  for (let n = 0; n < 61; n++) decisions.push(await limiter.acquire({ ...call, cost: 1 }));
  expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(60);
  expect(decisions.every(({ mode }) => mode === 'enforced')).toBe(true);
  const usage = await limiter.usage('acme');
  expect(JSON.stringify(usage)).toContain('publish-bot');
}

test('a direct connection is independent of every setting of the database', async () => {
  const database = await oddDatabase();
  const client = clientOf(database.url);
  await client.connect();
  await checkSession(client);
  const { rows } = await client.query(
    `SELECT '2026-01-02 03:04:05.678+00'::timestamptz AS at, '{NULL}'::int[] AS list, '\\x01ff'::bytea AS bytes,
            interval '1 day 2 hours' AS span, 0.1::float8 + 0.2::float8 AS number, current_setting('transaction_isolation') AS isolation`,
  );
  expect(rows).toEqual([
    {
      at: new Date('2026-01-02T03:04:05.678Z'),
      list: [null],
      bytes: Buffer.from('01ff', 'hex'),
      span: expect.objectContaining({ days: 1, hours: 2 }),
      number: 0.1 + 0.2,
      isolation: 'read committed',
    },
  ]);
});

test('a limiter decides, records and cleans up in a database with unusual settings', async () => {
  const database = await oddDatabase();
  const limiter = openSampleLimiter(database.url, { budgetMs: 5_000 });
  open.push(() => limiter.close());
  await decideAndExplain(limiter);
  await limiter.close();
  const { rows } = await database.pool.query('SELECT count(*)::int AS n FROM rollgate.limit_event');
  expect(rows).toEqual([{ n: 1 }]);
});

const throughPgBouncer = findPgBouncer() === undefined ? test.skip : test;

throughPgBouncer(
  'through a pooler, every decision waits for the disk itself, because a flush could reach a restarted server',
  async () => {
    const database = await createTestDatabase();
    open.push(() => database.drop());
    // An asynchronous decision would be denied.
    await database.pool.query(`
    CREATE FUNCTION public.refuse_asynchronous() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF current_setting('synchronous_commit') = 'off' THEN RAISE EXCEPTION 'asynchronous'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON rollgate.counter FOR EACH ROW EXECUTE FUNCTION public.refuse_asynchronous()`);
    const ask = async (databaseUrl: string, pooled: boolean) => {
      const limiter = openSampleLimiter(databaseUrl, { pooled, outage: false, events: false });
      try {
        return await limiter.acquire({ account: 'acme', api: 'publish-bot', dimensions: { bot: 'b-1' } });
      } finally {
        await limiter.close();
      }
    };
    const bouncer = await bouncerBefore(database);
    await expect(ask(bouncer.through(database.url), true)).resolves.toMatchObject({ allowed: true });
    await expect(ask(database.url, false)).rejects.toThrow('asynchronous');
  },
);

throughPgBouncer('through PgBouncer, with odd settings that it can replace', async () => {
  const { default_transaction_isolation, array_nulls, ...replaced } = ODD_SETTINGS;
  expect([default_transaction_isolation, array_nulls]).toEqual(['serializable', 'off']);
  const database = await oddDatabase(replaced);
  const url = (await bouncerBefore(database)).through(database.url);
  const limiter = createPostgresLimiter({
    catalogue: sampleCatalogue,
    databaseUrl: url,
    pooled: true,
    janitor: false,
    budgetMs: 5_000,
  });
  open.push(() => limiter.close());
  await decideAndExplain(limiter);
  const client = clientOf(url, { pooled: true });
  await client.connect();
  await checkSession(client);
  const { rows } = await client.query(`SELECT '2026-01-02 03:04:05.678+00'::timestamptz AS at`);
  expect(rows).toEqual([{ at: new Date('2026-01-02T03:04:05.678Z') }]);
});

throughPgBouncer('what PgBouncer cannot replace is named with the statement that repairs it, and it does', async () => {
  const database = await oddDatabase();
  const url = (await bouncerBefore(database)).through(database.url);
  const client = clientOf(url, { pooled: true });
  await client.connect();
  const refusal = await checkSession(client).then(
    () => '',
    (error: Error) => error.message,
  );
  expect(refusal).toMatch(/default_transaction_isolation = "serializable"/);
  const repairs = /Run: (.*); then let the pooler reconnect/.exec(refusal)?.[1] ?? '';
  expect(repairs).toMatch(/^ALTER ROLE "postgres" IN DATABASE "test_\w+" SET array_nulls = 'on'; ALTER ROLE/);
  await database.pool.query(repairs);
  const repaired = new pg.Client({ connectionString: database.url });
  await repaired.connect();
  const { rows } = await repaired.query(`SELECT current_setting('default_transaction_isolation') AS isolation`);
  await repaired.end();
  expect(rows).toEqual([{ isolation: 'read committed' }]);
});

throughPgBouncer('a pooler that refuses a start-up parameter is named, with the setting for it', async () => {
  const database = await oddDatabase({});
  const client = clientOf((await bouncerBefore(database)).through(database.url));
  await expect(client.connect()).rejects.toThrow(
    /^The server refuses the start-up parameter \w+\. This is a connection pooler: set ROLLGATE_POOLED=true/,
  );
});

throughPgBouncer(
  'a limiter without the option for its pooler does not start, and nothing is decided without the database',
  async () => {
    const database = await oddDatabase({});
    const url = (await bouncerBefore(database)).through(database.url);
    const limiter = createPostgresLimiter({
      catalogue: sampleCatalogue,
      databaseUrl: url,
      janitor: false,
      onReport: () => undefined,
    });
    open.push(() => limiter.close());
    await expect(limiter.start()).rejects.toThrow(/refuses the start-up parameter \w+\. This is a connection pooler/);
    const call = { account: 'acme', api: 'publish-bot', dimensions: { bot: 'b-1' } };
    await expect(limiter.acquire(call)).rejects.toThrow(/This is a connection pooler: set ROLLGATE_POOLED=true/);
  },
);

throughPgBouncer('a pooler that swallows start-up parameters is found out', async () => {
  const ignored = ['IntervalStyle', 'extra_float_digits', 'bytea_output', 'search_path', 'array_nulls'];
  const more = ['transform_null_equals', 'quote_all_identifiers', 'default_transaction_isolation'];
  const database = await oddDatabase({ default_transaction_isolation: 'serializable' });
  const bouncer = await bouncerBefore(database, { ignore_startup_parameters: [...ignored, ...more].join(',') });
  const client = clientOf(bouncer.through(database.url));
  await client.connect();
  await expect(checkSession(client)).rejects.toThrow(/default_transaction_isolation = "serializable"/);
});

throughPgBouncer('the janitor leaves no lock behind in a session of the pooler', async () => {
  const database = await oddDatabase({});
  const url = (await bouncerBefore(database)).through(database.url);
  const pools = [1, 2, 3].map(
    () => new pg.Pool({ connectionString: url, Client: sessionClient(pg.Client, { pooled: true }) }),
  );
  open.push(() => Promise.all(pools.map((pool) => pool.end())));
  const janitors = pools.map((pool) => new Janitor({ pool, pauseMs: 0 }));
  const days = pools.map((pool) => new EventDays({ pool }));
  await Promise.all([...janitors.map((janitor) => janitor.sweep()), ...days.map((day) => day.pass())]);
  const locks = await database.pool.query(
    `SELECT classid, objid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  expect(locks.rows).toEqual([]);
  expect(await (janitors[0] as Janitor).sweep()).toBeDefined();
});
