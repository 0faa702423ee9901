/** Tests how limiters register their application's catalogue, and how they read the one in the database. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Catalogue, type CatalogueGroup } from '@rollgate/contract';
import { createTestDatabase, type TestDatabase, until } from '@rollgate/testing';
import { CatalogueConflictError, createPostgresLimiter, type PostgresLimiter, type Report } from '../src/index.js';
import type { PostgresLimiterOptions } from '../src/postgres-limiter-options.js';
import { logStatements } from '../src/testing.js';

let database: TestDatabase;
let reports: Report[];
const open: PostgresLimiter[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  reports = [];
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((limiter) => limiter.close()));
  await database.drop();
});

function limiterWith(options: Partial<PostgresLimiterOptions> = {}): PostgresLimiter {
  const limiter = createPostgresLimiter({
    databaseUrl: database.url,
    janitor: false,
    budgetMs: 20_000,
    onReport: (report) => void reports.push(report),
    ...options,
  });
  open.push(limiter);
  return limiter;
}

const group = (id: string, apis: readonly string[], more: Partial<CatalogueGroup> = {}): CatalogueGroup => ({
  id,
  title: `Group ${id}`,
  level: ['user'],
  limits: { perMinute: 3, perHour: 100 },
  ...more,
  apis: apis.map((api) => ({ id: api, title: `API ${api}` })),
});
const catalogueOf = (...groups: CatalogueGroup[]) => new Catalogue(groups);

const SHOP = catalogueOf(group('orders', ['place-order', 'cancel-order']));
const call = (api: string) => ({ account: 'acme', api, dimensions: { user: 'ann' } });

const rowsOf = async (table: string) => {
  const { rows } = await database.pool.query(`SELECT to_jsonb(t) AS row FROM ${table} t ORDER BY 1`);
  return rows.map(({ row }) => row as Record<string, unknown>);
};
const owners = async () =>
  (await rowsOf('rollgate.catalogue_owner')).map(({ application, api }) => `${application} ${api}`).sort();

describe('a limiter with a catalogue', () => {
  test('registers it under the name of its application', async () => {
    await limiterWith({ catalogue: SHOP, application: 'shop' }).start();
    expect(await owners()).toEqual(['shop cancel-order', 'shop place-order']);
  });

  test('takes the name from the nearest package.json if it has none', async () => {
    await limiterWith({ catalogue: SHOP }).start();
    expect(await owners()).toEqual(['rollgate cancel-order', 'rollgate place-order']);
  });

  test('refuses a name that the database would refuse', () => {
    expect(() => limiterWith({ application: 'my shop' })).toThrow(RangeError);
  });

  test('that disagrees with another application: the start and every call reject with both owners, reported once', async () => {
    await limiterWith({ catalogue: SHOP, application: 'shop' }).start();
    const crm = catalogueOf(group('orders', ['place-order'], { level: ['bot', 'user'] }));
    const limiter = limiterWith({ catalogue: crm, application: 'crm', pollEveryMs: 50 });
    const error = await limiter.start().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CatalogueConflictError);
    expect((error as CatalogueConflictError).conflicts).toEqual([
      {
        api: 'place-order',
        application: 'crm',
        definition: '[bot, user], 3 per minute, 100 per hour, group orders',
        owners: ['shop'],
        registered: '[user], 3 per minute, 100 per hour, group orders',
      },
    ]);
    expect((error as Error).message).toContain('"shop" registers [user], 3 per minute');
    await expect(limiter.acquire(call('place-order'))).rejects.toBeInstanceOf(CatalogueConflictError);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(reports.filter(({ level }) => level !== 'info')).toEqual([
      { topic: 'catalogue', level: 'error', message: (error as Error).message },
    ]);
    // The other application gives it up: the limiter recovers by itself.
    await limiterWith({ catalogue: catalogueOf(group('orders', ['cancel-order'])), application: 'shop' }).start();
    await until(async () => (await limiter.start().catch(() => false)) === undefined, { what: 'the start succeeds' });
    expect(await owners()).toEqual(['crm place-order', 'shop cancel-order']);
  });

  test('warns which APIs its release no longer registers', async () => {
    await limiterWith({ catalogue: SHOP, application: 'shop' }).start();
    await limiterWith({ catalogue: catalogueOf(group('orders', ['place-order'])), application: 'shop' }).start();
    expect(reports).toEqual([
      {
        topic: 'catalogue',
        level: 'warn',
        message: expect.stringContaining('"shop" no longer registers cancel-order'),
      },
    ]);
  });

  test('of an older release does not bring its definitions back when the server restarts', async () => {
    const old = limiterWith({ catalogue: SHOP, application: 'shop' });
    await old.start();
    const released = catalogueOf(group('orders', ['place-order'], { limits: { perMinute: 9, perHour: 90 } }));
    await limiterWith({ catalogue: released, application: 'shop' }).start();
    // A server that was started again has another life; what it lost is registered again.
    await database.pool.query(
      `CREATE OR REPLACE FUNCTION rollgate.server_life() RETURNS text LANGUAGE sql AS $$ SELECT 'another' $$`,
    );
    await database.pool.query('DELETE FROM rollgate.catalogue_owner');
    await database.pool.query(`DELETE FROM rollgate.catalogue WHERE api = 'cancel-order'`);
    await old.refreshPolicy();
    await old.refreshPolicy();
    const { rows } = await database.pool.query(
      'SELECT api, per_minute, retired_at FROM rollgate_audit.catalogue_v1 ORDER BY api',
    );
    expect(rows).toEqual([
      { api: 'cancel-order', per_minute: 3, retired_at: null },
      { api: 'place-order', per_minute: 9, retired_at: null },
    ]);
  });
});

describe('a limiter without a catalogue', () => {
  test('decides for every API that applications have registered, with its limits, level and message', async () => {
    const message = 'Slow down.';
    const crm = catalogueOf({ ...group('contacts', []), apis: [{ id: 'add-contact', title: 'Add', message }] });
    await limiterWith({ catalogue: SHOP, application: 'shop' }).start();
    await limiterWith({ catalogue: crm, application: 'crm' }).start();
    const reader = limiterWith();
    await reader.start();
    for (const api of ['place-order', 'add-contact']) {
      const decisions = [];
      for (let i = 0; i < 4; i++) decisions.push((await reader.acquire(call(api))).allowed);
      expect(decisions).toEqual([true, true, true, false]);
    }
    expect(reader.catalogue.get('add-contact')).toEqual(crm.get('add-contact'));
    expect(await owners()).toEqual(['crm add-contact', 'shop cancel-order', 'shop place-order']);
  });

  test('counts together with the application that registered the API', async () => {
    const shop = limiterWith({ catalogue: SHOP, application: 'shop' });
    await shop.start();
    const reader = limiterWith();
    for (const limiter of [shop, reader, shop]) expect((await limiter.acquire(call('place-order'))).allowed).toBe(true);
    expect((await reader.acquire(call('place-order'))).allowed).toBe(false);
    expect((await reader.peek(call('place-order'))).windows.minute.used).toBe(3);
  });

  test('decides at once for an API that was registered a moment ago, and rejects those that do not exist', async () => {
    const reader = limiterWith({ pollEveryMs: 1_000_000 });
    await reader.start();
    await limiterWith({ catalogue: SHOP, application: 'shop' }).start();
    const results = await Promise.allSettled([
      reader.acquire(call('place-order')),
      reader.limitsOf(call('cancel-order')),
      reader.acquire(call('no-such-order')),
      reader.acquire(call('Not an ID')),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(results[2]).toMatchObject({ reason: { name: 'UnknownApiError', api: 'no-such-order' } });
  });

  test('reads the catalogue at most once a second, however many unknown APIs are called', async () => {
    const reader = limiterWith({ pollEveryMs: 1_000_000 });
    await reader.start();
    const startedAt = performance.now();
    const log = logStatements();
    for (const round of [1, 2]) {
      const calls = Array.from({ length: 30 }, (_, i) => reader.acquire(call(`x${round}-${i}`)));
      const results = await Promise.allSettled(calls);
      expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    }
    log.stop();
    const reads = log.statements.filter((text) => text.includes('sync_instance'));
    expect(reads).toHaveLength(2);
    expect(performance.now() - startedAt).toBeGreaterThan(950);
  });

  test('follows changed definitions, and keeps limiting retired APIs', async () => {
    const first = limiterWith({ catalogue: SHOP, application: 'shop' });
    await first.start();
    const reader = limiterWith();
    await reader.start();
    const changed = catalogueOf(group('orders', ['place-order'], { limits: { perMinute: 7, perHour: 70 } }));
    await limiterWith({ catalogue: changed, application: 'shop' }).start();
    await reader.refreshPolicy();
    expect(reader.defaultLimitsOf('place-order')).toEqual({ perMinute: 7, perHour: 70 });
    expect((await reader.acquire(call('cancel-order'))).allowed).toBe(true);
    expect(reader.catalogue.nearest('cancel-orde')).toEqual([]);
  });

  test('has APIs of its own that no other program knows', async () => {
    const ownApis = catalogueOf(group('own', ['sign-in']));
    const reader = limiterWith({ ownApis });
    await reader.start();
    expect((await reader.acquire(call('sign-in'))).allowed).toBe(true);
    expect(await rowsOf('rollgate.catalogue')).toEqual([]);
  });
});

test('an observer reads limits and usage, and writes nothing', async () => {
  const shop = limiterWith({ catalogue: SHOP, application: 'shop' });
  await shop.acquire(call('place-order'));
  await shop.close();
  const tables = [
    'catalogue',
    'catalogue_owner',
    'history',
    'ledger',
    'instance',
    'instance_peak',
    'second_seen',
    'counter',
  ];
  const state = () => Promise.all(tables.map((name) => rowsOf(`rollgate.${name}`)));
  const before = await state();
  const observer = limiterWith({ observer: true });
  await observer.start();
  expect((await observer.usage('acme')).items).toHaveLength(1);
  expect((await observer.peek(call('place-order'))).windows.minute.used).toBe(1);
  await observer.refreshPolicy();
  await observer.close();
  expect(await state()).toEqual(before);
});
