/** The usage that an auditor reads equals the counts by which instances decide. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type TestDatabase } from '@rollgate/testing';
import { ADMIN, change } from './policy-author.js';
import { createSampleDatabase } from './sample-limiter.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createSampleDatabase();
});
afterAll(() => database.drop());

const rows = async <Row>(sql: string, values: unknown[] = []): Promise<Row[]> =>
  (await database.pool.query(sql, values)).rows as Row[];

/** A deterministic pseudo-random number from 0 to n - 1. */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

const BOTS = ['a', 'b', 'c', 'd', 'e'];
const keyOf = (bot: string) => `acme/publish-bot/bot=${bot}`;

/** Usage computed from the single seconds that rollgate.peek lists. */
const LOOKED = `
  SELECT c.subject, sum(x.units) FILTER (WHERE x.second >= k.now_ms / 1000 - 60) AS minute_used, sum(x.units) AS hour_used
  FROM rollgate.counter c CROSS JOIN LATERAL rollgate.peek(c.lane, ARRAY[c.subject], $1) k
  CROSS JOIN LATERAL unnest(k.seconds, k.units) AS x (second, units)
  GROUP BY c.subject ORDER BY c.subject`;
const TOLD = 'SELECT subject, minute_used, hour_used FROM rollgate_audit.usage_at($1) ORDER BY subject';

test('both windows of every subject are correct for any minute of its head row, through gaps, refunds and resets', async () => {
  const roll = dice(7);
  let at = Date.UTC(2026, 0, 1);
  let compared = 0;
  for (let step = 0; step < 400; step++) {
    at += [0, 1_000, 9_000, 61_000, 200_000, 1_900_000][roll(roll(8) === 0 ? 6 : 4)] as number;
    const bot = BOTS[roll(BOTS.length)] as string;
    const now = new Date(at);
    if (roll(40) === 0) await rows('SELECT rollgate.reset(3, $1)', [keyOf(bot)]);
    else if (roll(20) === 0)
      await rows(
        `SELECT rollgate.refund(3, c.subject, c.minute * 60 + c.secs[1], 2) FROM rollgate.counter c WHERE c.subject = $1`,
        [keyOf(bot)],
      );
    else
      await rows(
        'SELECT FROM rollgate.acquire(ARRAY[3], ARRAY[$1], ARRAY[1], ARRAY[$2::int], ARRAY[60], ARRAY[1800], $3)',
        [keyOf(bot), 1 + roll(20), now],
      );
    if (step % 4 !== 0) continue;
    const told = await rows<{ minute_used: string | null }>(TOLD, [now]);
    const looked = await rows<{ minute_used: string | null }>(LOOKED, [now]);
    expect(told).toEqual(looked.map((row) => ({ ...row, minute_used: row.minute_used ?? '0' })));
    compared += told.length;
  }
  expect(compared).toBeGreaterThan(150);
});

const EXTRA = { extra_minute: 50, extra_hour: 500, expires_at: '2099-01-01T00:00:00Z' };

test('limits, their source and the mode equal those of rollgate.limits_for, whatever overrides overlap', async () => {
  const make = (spec: object) =>
    change(database, 'create_override', { by: ADMIN, values: [{ reason: 'r', allow_lowering: true, ...spec }] });
  await make({ account: 'acme', per_minute: 500 });
  await make({ account: 'acme', mode: 'shadow', group_id: 'bot-definition' });
  await make({ account: 'acme', api: 'publish-bot', per_hour: 9_000 });
  await make({ account: 'acme', api: 'publish-bot', subject: keyOf('a'), per_minute: 7, mode: 'enforced' });
  await make({ account: 'a,c/m%e', api: 'bot-export', per_minute: 77 });
  await make({ account: 'times', factor: 2.5 });
  await make({ account: 'acme', ...EXTRA });
  await make({ account: 'acme', api: 'publish-bot', ...EXTRA, extra_minute: 1 });
  await make({ account: 'acme', api: 'publish-bot', ...EXTRA, subject: keyOf('b'), extra_minute: 2, mode: 'shadow' });
  await make({ account: 'more', per_hour: 0 });
  await make({ account: 'more', ...EXTRA });
  await make({ account: 'late', per_minute: 1, starts_at: '2099-01-01T00:00:00Z' });
  await change(database, 'create_plan', {
    by: ADMIN,
    values: [{ id: 'pro', limits: [{ factor: 3 }, { api: 'publish-bot', per_minute: 9 }], reason: 'r' }],
  });
  for (const account of ['planned', 'times', 'acme']) {
    await change(database, 'assign_plan', {
      by: ADMIN,
      values: [{ account, plan: 'pro', reason: 'r', allow_lowering: true }],
    });
  }
  const subjects = [
    ...BOTS.map(keyOf),
    'planned/publish-bot/bot=a',
    'planned/get-bots/',
    'acme/get-bots/',
    'acme/insert-data/table=t',
    'a%2Cc%2Fm%25e/bot-export/bot=x',
    'times/publish-bot/bot=a',
    'late/publish-bot/bot=a',
    'plain/publish-bot/bot=a',
    'more/publish-bot/bot=a',
  ];
  for (const subject of subjects)
    await rows('SELECT FROM rollgate.acquire(ARRAY[3], ARRAY[$1], ARRAY[1], ARRAY[1], ARRAY[60], ARRAY[1800])', [
      subject,
    ]);
  const told = await rows(
    'SELECT subject, minute_limit, hour_limit, source, mode FROM rollgate_audit.usage_now_v1 ORDER BY 1',
  );
  const held = await rows(
    `SELECT u.subject, l.per_minute AS minute_limit, l.per_hour AS hour_limit, l.source, l.mode
     FROM rollgate_audit.usage_now_v1 u CROSS JOIN LATERAL rollgate.limits_for(u.account, u.api, u.subject) l ORDER BY 1`,
  );
  expect(told).toEqual(held);
  expect(told).toHaveLength(subjects.length);
  expect(new Set(told.map((row) => (row as { source: string }).source)).size).toBeGreaterThan(3);
});

test('an API that is not in the catalogue is shown without limits', async () => {
  await rows(`SELECT FROM rollgate.acquire(ARRAY[3], ARRAY['x/gone/'], ARRAY[1], ARRAY[1], ARRAY[60], ARRAY[1800])`);
  expect(
    await rows(
      `SELECT account, api, minute_used, minute_limit, source FROM rollgate_audit.usage_now_v1 WHERE api = 'gone'`,
    ),
  ).toEqual([{ account: 'x', api: 'gone', minute_used: '1', minute_limit: null, source: null }]);
});

test('minutes show the units granted, including the current minute', async () => {
  const at = (seconds: number) => new Date(Date.UTC(2026, 5, 1, 12, 0, seconds));
  for (const [seconds, units] of [
    [10, 3],
    [50, 4],
    [70, 5],
    [200, 6],
  ] as const)
    await rows(
      `SELECT FROM rollgate.acquire(ARRAY[3], ARRAY['minute-co/publish-bot/bot=m'], ARRAY[1], ARRAY[$1::int], ARRAY[60], ARRAY[1800], $2)`,
      [units, at(seconds)],
    );
  expect(
    await rows(
      `SELECT account, api, minute, units FROM rollgate_audit.usage_by_minute_v1 WHERE subject = 'minute-co/publish-bot/bot=m' ORDER BY minute`,
    ),
  ).toEqual([
    { account: 'minute-co', api: 'publish-bot', minute: at(0), units: '7' },
    { account: 'minute-co', api: 'publish-bot', minute: at(60), units: '5' },
    { account: 'minute-co', api: 'publish-bot', minute: at(180), units: '6' },
  ]);
});
