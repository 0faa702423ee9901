/**
 * Changed limits on running instances are in force within two seconds on all of them, and immediately where they were
 * changed.
 */

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, spawnNode, type TestDatabase } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import { ADMIN, change, inHours, SUPPORT } from './policy-author.js';
import { openSampleLimiter } from './sample-limiter.js';

let database: TestDatabase;
let limiter: Limiter;
let bots = 0;
let bot = '';
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  bot = `bot-${++bots}`;
  limiter = openSampleLimiter(database.url);
  await limiter.refreshPolicy();
});
afterEach(() => limiter.close());

const request = () => ({ account: 'acme', api: 'publish-bot', dimensions: { bot } });
const subject = () => `acme/publish-bot/bot=${bot}`;
const create = (spec: object, by = SUPPORT) =>
  change(database, 'create_override', {
    by,
    values: [
      {
        account: 'acme',
        api: 'publish-bot',
        subject: subject(),
        reason: 'test',
        expires_at: inHours(1),
        allow_lowering: true,
        ...spec,
      },
    ],
  });
const times = async (n: number) => {
  const decisions = await Promise.all(Array.from({ length: n }, () => limiter.acquire(request())));
  return decisions.filter(({ allowed }) => allowed).length;
};

test('a raised limit frees a denied subject on all three instances within two seconds, and a lowered one applies as fast', async () => {
  const instances = await Promise.all(
    Array.from({ length: 3 }, () =>
      spawnNode({
        script: new URL('policy-instance.mjs', import.meta.url).pathname,
        args: [database.url],
        readyLine: /^ready$/,
      }),
    ),
  );
  let asked = 0;
  const ask = async (instance: (typeof instances)[number]) => {
    const n = ++asked;
    instance.send(`${n} ${bot}\n`);
    return JSON.parse(await instance.waitForLine(new RegExp(`^{"n":${n},`))) as {
      allowed: boolean;
      source: string;
      limit: number;
      at: number;
    };
  };
  const timesUntil = async (wanted: (answer: { allowed: boolean; source: string }) => boolean, since: number) =>
    await Promise.all(
      instances.map(async (instance) => {
        for (;;) {
          const answer = await ask(instance);
          if (wanted(answer)) return answer.at - since;
          if (answer.at - since > 5_000) return Number.POSITIVE_INFINITY;
        }
      }),
    );
  try {
    expect(await times(61)).toBe(60);
    // Each instance receives the denial and answers from memory from now on.
    for (const instance of instances)
      for (let i = 0; i < 2; i++) expect(await ask(instance)).toMatchObject({ allowed: false, limit: 60 });
    const { id } = await create({ per_minute: 600 });
    for (const ms of await timesUntil(({ allowed, source }) => allowed && source === id, Date.now()))
      expect(ms).toBeLessThan(2_000);
    await change(database, 'change_override', {
      by: SUPPORT,
      values: [id, 1, { per_minute: 1, allow_lowering: true }, 'too much'],
    });
    for (const ms of await timesUntil(({ allowed }) => !allowed, Date.now())) expect(ms).toBeLessThan(2_000);
  } finally {
    for (const instance of instances) instance.kill('SIGKILL');
    await Promise.all(instances.map((instance) => instance.exited));
  }
}, 90_000);

test('the instance that made a change knows it after its next poll', async () => {
  expect(await times(61)).toBe(60);
  expect((await limiter.acquire(request())).allowed).toBe(false);
  const { id } = await create({ per_minute: 70 });
  expect(await limiter.refreshPolicy()).toBe(true);
  expect(await limiter.acquire(request())).toMatchObject({
    allowed: true,
    source: id,
    windows: { minute: { limit: 70, used: 61 } },
  });
  expect(await times(10)).toBe(9);
});

test('an override expires to the second, without a job or a poll', async () => {
  const expires = new Date(Math.ceil(Date.now() / 1000) * 1000 + 2_000);
  const { id } = await create({ per_minute: 600, expires_at: expires.toISOString() });
  await limiter.refreshPolicy();
  let last = await limiter.acquire(request());
  expect(last.source).toBe(id);
  while (last.source === id) last = await limiter.acquire(request());
  const late = last.decidedAtMs - expires.getTime();
  expect(late).toBeGreaterThan(-1_000);
  expect(late).toBeLessThan(1_000);
  expect(last).toMatchObject({ source: 'default', windows: { minute: { limit: 60 } } });
});

test('an override with a later start starts by itself', async () => {
  const starts = new Date(Date.now() + 1_500);
  const { id } = await create({ per_minute: 0, starts_at: starts.toISOString() });
  await limiter.refreshPolicy();
  let last = await limiter.acquire(request());
  expect(last).toMatchObject({ allowed: true, source: 'default' });
  while (last.source === 'default') last = await limiter.acquire(request());
  expect(last).toMatchObject({ allowed: false, source: id, retryAfterMs: null });
  expect(Math.abs(last.decidedAtMs - starts.getTime())).toBeLessThan(1_000);
});

test('a limiter that has just started uses the policy, not the defaults', async () => {
  const { id } = await create({ per_minute: 0 });
  const fresh = openSampleLimiter(database.url);
  try {
    expect(await fresh.acquire(request())).toMatchObject({ allowed: false, source: id });
  } finally {
    await fresh.close();
  }
});

test("edited defaults apply without a restart and can be returned to the catalogue's values", async () => {
  const api = (
    await database.pool.query<{ version: number }>(`SELECT version FROM rollgate.catalogue WHERE api = 'publish-bot'`)
  ).rows[0];
  const edit = (version: number, per_minute: number | null) =>
    change(database, 'change_catalogue', {
      by: ADMIN,
      values: ['publish-bot', version, { per_minute, allow_lowering: true }, 'test', null],
    });
  const version = api?.version ?? 0;
  await edit(version, 3);
  await limiter.refreshPolicy();
  expect(await times(5)).toBe(3);
  await edit(version + 1, null);
  await limiter.refreshPolicy();
  expect((await limiter.limitsOf(request())).limits.perMinute).toBe(60);
});

test('shadow mode denies nothing, reports what would have been denied, and spends nothing for it', async () => {
  await create({ mode: 'shadow' }, ADMIN);
  await limiter.refreshPolicy();
  expect(await times(65)).toBe(65);
  const decision = await limiter.acquire(request());
  expect(decision).toMatchObject({
    allowed: true,
    mode: 'shadow',
    deniedBy: 'minute',
    violated: ['minute'],
    source: 'default',
  });
  expect((await limiter.peek(request())).windows.minute.used).toBe(60);
  expect(await limiter.refund(decision)).toBe(0);
  expect((await limiter.peek(request())).windows.minute.used).toBe(60);
});

test('the shadow mode of an API can be switched on and off', async () => {
  const row = await database.pool.query<{ version: number }>(
    `SELECT version FROM rollgate.catalogue WHERE api = 'publish-bot'`,
  );
  const version = row.rows[0]?.version ?? 0;
  const edit = (at: number, shadow: boolean) =>
    change(database, 'change_catalogue', { by: ADMIN, values: ['publish-bot', at, { shadow }, 'test', null] });
  await edit(version, true);
  await limiter.refreshPolicy();
  expect(await times(61)).toBe(61);
  await edit(version + 1, false);
  await limiter.refreshPolicy();
  expect(await times(1)).toBe(0);
});

test('an instance keeps the limits it knows while the database is unavailable', async () => {
  const { id } = await create({ per_minute: 5 });
  await limiter.refreshPolicy();
  await database.pool.query('ALTER TABLE rollgate.ledger RENAME TO ledger_away');
  try {
    expect(await limiter.refreshPolicy()).toBe(false);
    expect(await limiter.acquire(request())).toMatchObject({ source: id, windows: { minute: { limit: 5 } } });
  } finally {
    await database.pool.query('ALTER TABLE rollgate.ledger_away RENAME TO ledger');
  }
});

test('an older state of the database, as from a backup, replaces the policy completely', async () => {
  await create({ per_minute: 5 });
  await limiter.refreshPolicy();
  const { version } = limiter.policyState();
  await database.pool.query('UPDATE rollgate.ledger SET policy_version = policy_version - 1');
  await database.pool.query('UPDATE rollgate.override SET changed_in = changed_in - 1 WHERE changed_in = $1', [
    version,
  ]);
  await database.pool.query('DELETE FROM rollgate.override WHERE subject = $1', [subject()]);
  await limiter.refreshPolicy();
  expect(limiter.policyState().version).toBe(version - 1);
  expect(await limiter.acquire(request())).toMatchObject({ source: 'default' });
});

test('the database learns which overrides decided calls and whether they were needed', async () => {
  const { id } = await create({ per_minute: 100 });
  await limiter.refreshPolicy();
  await times(61);
  await limiter.close();
  const { rows } = await database.pool.query('SELECT * FROM rollgate.override_use WHERE override_id = $1', [id]);
  expect(rows[0]).toMatchObject({ peak_minute: 61, peak_hour: 61 });
  expect(rows[0]?.needed_at).not.toBeNull();
});

test('running instances are listed with their policy version', async () => {
  const own = async () => {
    const { rows } = await database.pool.query(
      'SELECT policy_version, mode FROM rollgate.instance WHERE name LIKE $1',
      [`%:${process.pid}`],
    );
    return rows.length;
  };
  await create({ per_minute: 100 });
  await limiter.refreshPolicy();
  await limiter.refreshPolicy();
  expect(await own()).toBe(1);
  await limiter.close();
  expect(await own()).toBe(0);
});
