import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createPostgresLimiter, type Limiter } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase, until } from '@rollgate/testing';
import { LIMITER } from '../src/limiting/limiter-token.js';
import { startService, type TestService } from './start-service.js';

let database: TestDatabase;
const running: TestService[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  for (const { server } of running.splice(0)) await server.close();
  await database.drop();
});

async function start(options: { keepSeconds?: number; sweepEveryMs?: number }): Promise<TestService> {
  const service = await startService({ databaseUrl: database.url, ...options });
  running.push(service);
  return service;
}

async function metric(service: TestService, name: string): Promise<number> {
  const { text } = await service.call('/metrics');
  const value = new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`no metric ${name}`);
  return Number(value);
}

async function firstPass(service: TestService): Promise<void> {
  await until(async () => (await metric(service, 'rollgate_janitor_last_pass_timestamp_seconds')) > 0, {
    what: 'the janitor has made a pass',
  });
}

/** Waits until that many finished minutes were removed: not before usage by hour contains them. */
async function removed(service: TestService, { heads = 0, buckets = 0 }): Promise<void> {
  await until(
    async () =>
      (await metric(service, 'rollgate_janitor_heads_removed_total')) === heads &&
      (await metric(service, 'rollgate_janitor_buckets_removed_total')) === buckets,
    { what: 'the janitor has removed what is past its retention' },
  );
}

/**
 * Inserts allowed calls of one bot at these ages, oldest first. The newest stays in the head row, each older minute becomes
 * a bucket.
 */
async function grants({ bot, agoSeconds }: { bot: string; agoSeconds: readonly number[] }): Promise<void> {
  let nowMs = 0;
  const limiter = createPostgresLimiter({
    catalogue: sampleCatalogue,
    databaseUrl: database.url,
    janitor: false,
    budgetMs: 20_000,
    clock: () => nowMs,
  });
  for (const ago of agoSeconds) {
    nowMs = Date.now() - ago * 1000;
    await limiter.acquire({ account: 'acme', api: 'publish-bot', dimensions: { bot } });
  }
  await limiter.close();
}

async function left(): Promise<{ heads: string[]; buckets: number }> {
  const heads = await database.pool.query<{ subject: string }>('SELECT subject FROM rollgate.counter ORDER BY subject');
  const buckets = await database.pool.query('SELECT FROM rollgate.bucket');
  return { heads: heads.rows.map(({ subject }) => subject), buckets: Number(buckets.rowCount) };
}

test('process metrics are available in the text format', async () => {
  const { status, headers, text } = await (await start({})).call('/metrics');
  expect(status).toBe(200);
  expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text).toMatch(/^process_cpu_seconds_total \d/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_seconds \d/m);
});

test('the janitor runs automatically, keeps minutes as the setting says, and counts what it removed', async () => {
  await grants({ bot: 'idle', agoSeconds: [9_000, 8_000] });
  await grants({ bot: 'busy', agoSeconds: [7_600, 4_200, 10] });
  const startedAt = Date.now() / 1000;
  const service = await start({ keepSeconds: 5_000, sweepEveryMs: 20 });
  await removed(service, { heads: 1, buckets: 2 });
  expect(await left()).toEqual({ heads: ['acme/publish-bot/bot=busy'], buckets: 1 });
  expect(await metric(service, 'rollgate_janitor_unrolled_removed_total')).toBe(0);
  expect(await metric(service, 'rollgate_janitor_last_pass_busy_lanes')).toBe(0);
  expect(await metric(service, 'rollgate_janitor_failed_passes_total')).toBe(0);
  expect(await metric(service, 'rollgate_janitor_last_pass_timestamp_seconds')).toBeGreaterThanOrEqual(
    Math.floor(startedAt),
  );
  expect(await metric(service, 'rollgate_janitor_last_pass_duration_seconds')).toBeGreaterThan(0);
}, 90_000);

test('without the setting, finished minutes are kept for a day', async () => {
  await grants({ bot: 'busy', agoSeconds: [90_000, 9_000, 10] });
  await removed(await start({ sweepEveryMs: 20 }), { buckets: 1 });
  expect(await left()).toEqual({ heads: ['acme/publish-bot/bot=busy'], buckets: 1 });
}, 90_000);

test('a lane that is busy throughout a pass is counted', async () => {
  const holder = await database.pool.connect();
  await holder.query('SELECT pg_advisory_lock(7605, 3)');
  const service = await start({ sweepEveryMs: 20 });
  await firstPass(service);
  holder.release(true);
  expect(await metric(service, 'rollgate_janitor_last_pass_busy_lanes')).toBe(1);
}, 90_000);

test('a failed pass is counted and logged, and the janitor continues', async () => {
  await database.pool.query('ALTER TABLE rollgate.freed RENAME TO freed_away');
  const service = await start({ sweepEveryMs: 20 });
  await until(async () => (await metric(service, 'rollgate_janitor_failed_passes_total')) > 0, {
    what: 'a pass of the janitor has failed',
  });
  await database.pool.query('ALTER TABLE rollgate.freed_away RENAME TO freed');
  await firstPass(service);
  expect(await metric(service, 'rollgate_janitor_failed_passes_total')).toBeGreaterThan(0);
  expect(service.log).toContainEqual(expect.objectContaining({ msg: 'a pass of the janitor failed' }));
}, 40_000);

test('two services in one process have separate metrics', async () => {
  await grants({ bot: 'idle', agoSeconds: [9_000] });
  const quiet = await start({});
  const sweeping = await start({ sweepEveryMs: 20 });
  await removed(sweeping, { heads: 1 });
  expect(await metric(quiet, 'rollgate_janitor_heads_removed_total')).toBe(0);
}, 90_000);

test('usage is added up up to the last hour that is complete, and the metrics tell how far', async () => {
  await grants({ bot: 'b', agoSeconds: [20_000, 10_000] });
  const service = await start({});
  const newest = () => Math.floor((Date.now() / 1000 - 120) / 3600) * 3600;
  await until(async () => (await metric(service, 'rollgate_roll_up_rolled_to_timestamp_seconds')) === newest(), {
    what: 'usage is added up',
  });
  expect(await metric(service, 'rollgate_roll_up_last_pass_timestamp_seconds')).toBeGreaterThan(0);
  expect(await metric(service, 'rollgate_roll_up_failed_passes_total')).toBe(0);
  const { rows } = await database.pool.query(
    `SELECT sum(admitted)::int AS units FROM rollgate_audit.usage_by_hour_v1 WHERE account = 'acme'`,
  );
  expect(rows).toEqual([{ units: 2 }]);
}, 40_000);

test('a failed roll-up is counted and logged', async () => {
  await database.pool.query('ALTER TABLE rollgate.usage_refund RENAME TO usage_refund_away');
  const service = await start({});
  await until(async () => (await metric(service, 'rollgate_roll_up_failed_passes_total')) > 0, {
    what: 'a pass has failed',
  });
  expect(service.log).toContainEqual(expect.objectContaining({ msg: 'adding up usage by hour failed' }));
}, 40_000);

test('a limiter that decides without its database is a metric, and its reason is listed with the instance', async () => {
  const service = await start({});
  const limiter = service.server.app.get<Limiter>(LIMITER);
  const mode = (name: string) => metric(service, `rollgate_limiter_mode{mode="${name}"}`);
  const listed = async () =>
    (
      await database.pool.query<{ mode: string; reason: string | null }>(
        'SELECT mode, mode_reason AS reason FROM rollgate.instance',
      )
    ).rows[0];
  expect([await mode('normal'), await mode('fallback')]).toEqual([1, 0]);
  expect(await metric(service, 'rollgate_limiter_policy_age_seconds')).toBeLessThan(10);
  await database.pool.query('ALTER FUNCTION rollgate.acquire RENAME TO acquire_away');
  const decidesWithoutDatabase = async () => {
    await limiter.acquire({ account: 'acme', api: 'get-bots' });
    return (await mode('fallback')) === 1;
  };
  await until(decidesWithoutDatabase, { what: 'the limiter decides without its database', details: listed });
  expect(await mode('normal')).toBe(0);
  expect(await metric(service, 'rollgate_limiter_mode_since_timestamp_seconds')).toBeGreaterThan(
    Date.now() / 1000 - 60,
  );
  await until(async () => (await listed())?.reason?.includes('rollgate.acquire'), {
    what: 'the instance reports the reason',
    details: listed,
  });
  expect((await listed())?.mode).toBe('fallback');
  await database.pool.query('ALTER FUNCTION rollgate.acquire_away RENAME TO acquire');
  await until(async () => (await listed())?.mode === 'normal', {
    what: 'the instance reports that its database decides',
    details: listed,
  });
  expect([(await listed())?.reason, await mode('normal')]).toEqual([null, 1]);
}, 90_000);
