/** Staff empty windows: what is forgiven, what the history keeps, and who may. Applications leave their name. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { TestDatabase } from '@rollgate/testing';
import type { Limiter } from '../src/limiter.js';
import { laneOf } from '../src/subject/subject-key.js';
import { CUSTOMER, SUPPORT, type Who } from './policy-author.js';
import { createSampleDatabase, openSampleLimiter } from './sample-limiter.js';

let database: TestDatabase;
let limiter: Limiter;
let account: string;
let accounts = 0;
beforeAll(async () => {
  database = await createSampleDatabase();
  limiter = openSampleLimiter(database.url, { application: 'shop' });
});
afterAll(async () => {
  await limiter?.close();
  await database?.drop();
});
beforeEach(() => {
  account = `acme/${++accounts}`;
});

const api = 'publish-bot';
const keyOf = (bot: string) => `acme%2F${accounts}/${api}/bot=${bot}`;
const ask = (bot: string, cost = 1) => limiter.acquire({ account, api, dimensions: { bot }, cost });

interface Forgiven {
  readonly history_id: string;
  readonly subjects: number;
  readonly minute_used: string;
  readonly hour_used: string;
}

async function reset(subject: string | null, { by = SUPPORT, of = api, reason = 'their test ran wild' } = {}) {
  const { rows } = await database.pool.query<Forgiven>(
    `SELECT * FROM rollgate.reset_by_staff($1, $2, $3, $4, $5, 'T-1', ROW($6, $7, '10.0.0.7', 'req-1')::rollgate.author)`,
    [laneOf(account), account, of, subject, reason, by.actor, by.role],
  );
  return rows[0] as Forgiven;
}

const query = async (sql: string, values: unknown[] = []) => (await database.pool.query(sql, values)).rows;

test('one subject: its units are forgiven, others keep theirs, and one history row says what, whose, by whom and why', async () => {
  await ask('a', 60);
  await ask('b', 59);
  expect((await ask('a')).allowed).toBe(false);
  const { history_id, ...forgiven } = await reset(keyOf('a'));
  expect(forgiven).toEqual({ subjects: 1, minute_used: '60', hour_used: '60' });
  const [row] = await query('SELECT * FROM rollgate_audit.resets_v1 WHERE id = $1', [history_id]);
  expect(row).toMatchObject({
    ...{ account, api, subject: keyOf('a'), subjects: 1, minute_used: '60', hour_used: '60' },
    ...{ actor: 'staff:ann', role: 'support', reason: 'their test ran wild', ticket: 'T-1', address: '10.0.0.7' },
  });
  const freed = [{ subject: keyOf('a'), history_id, actor: 'staff:ann' }];
  expect(
    await query('SELECT subject, history_id, actor FROM rollgate.freed WHERE history_id = $1', [history_id]),
  ).toEqual(freed);
  expect(
    await query('SELECT subject, history_id, actor FROM rollgate.freeing WHERE history_id = $1', [history_id]),
  ).toEqual(freed);
  const used = async (bot: string) => (await limiter.peek({ account, api, dimensions: { bot } })).windows.hour.used;
  expect([await used('a'), await used('b')]).toEqual([0, 59]);
  expect(await query('SELECT * FROM rollgate.verify_history()')).toMatchObject([{ broken_id: null }]);
});

test('every subject of an API: the sums, one history row, and no denial before it counts as wrong', async () => {
  for (const bot of ['a', 'b', 'c']) await ask(bot, 60);
  expect((await ask('a')).allowed).toBe(false);
  await limiter.acquire({ account, api: 'get-bots' });
  const { history_id, ...forgiven } = await reset(null);
  expect(forgiven).toEqual({ subjects: 3, minute_used: '180', hour_used: '180' });
  expect(await query('SELECT subject, subjects FROM rollgate_audit.resets_v1 WHERE id = $1', [history_id])).toEqual([
    { subject: null, subjects: 3 },
  ]);
  expect(await query('SELECT target FROM rollgate.history WHERE id = $1', [history_id])).toEqual([
    { target: `acme%2F${accounts}/${api}/` },
  ]);
  expect(await query('SELECT count(*)::int AS n FROM rollgate.freed WHERE history_id = $1', [history_id])).toEqual([
    { n: 3 },
  ]);
  expect((await limiter.peek({ account, api: 'get-bots' })).windows.hour.used).toBe(1);
  expect(await query('SELECT * FROM rollgate.recheck_decisions()')).toEqual([]);
});

test.each<[string, string, () => Promise<unknown>]>([
  ['a role without an approval limit', 'RG403', () => reset(null, { by: { actor: 'staff:v', role: 'viewer' } as Who })],
  ['a customer', 'RG403', () => reset(null, { by: CUSTOMER })],
  ['no reason', 'RG422', () => reset(null, { reason: ' ' })],
  ['an unknown API', 'RG404', () => reset(null, { of: 'no-such-api' })],
  ['an account without units', 'RG404', () => reset(null)],
  ['an unknown subject', 'RG404', () => reset(keyOf('unknown'))],
  ['the subject of another account', 'RG404', () => reset('other/publish-bot/bot=a')],
  ['the subject of another API', 'RG404', () => reset(`acme%2F${accounts}/get-bots/`)],
])('%s is refused with %s, and nothing is recorded', async (_, code, trying) => {
  const before = await query('SELECT history_id FROM rollgate.ledger');
  await expect(trying()).rejects.toMatchObject({ code });
  expect(await query('SELECT history_id FROM rollgate.ledger')).toEqual(before);
});

test('more than 1,000 subjects are refused, and keep their units', async () => {
  const bots = Array.from({ length: 1_001 }, (_, n) => `${n}`);
  await Promise.all(bots.map((bot) => ask(bot)));
  await expect(reset(null)).rejects.toMatchObject({ code: 'RG422', message: expect.stringContaining('1,000') });
  expect((await limiter.peek({ account, api, dimensions: { bot: '7' } })).windows.hour.used).toBe(1);
});

test('a refund and a reset by an application leave its name', async () => {
  const decision = await ask('a');
  await limiter.refund(decision);
  await limiter.reset({ account, api, dimensions: { bot: 'a' } });
  const rows = await query('SELECT history_id, actor FROM rollgate.freeing WHERE subject = $1', [keyOf('a')]);
  expect(rows).toEqual([
    { history_id: null, actor: 'shop' },
    { history_id: null, actor: 'shop' },
  ]);
});
