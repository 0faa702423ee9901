import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPlatform } from '../src/platform.js';
import { SECRET, startPlatform, type TestPlatform } from './start-platform.js';

let it: TestPlatform;
beforeAll(async () => {
  it = await startPlatform();
});
afterAll(() => it.stop());

const itemsOf = async (account: string) => {
  const { body } = await it.call('GET', '/api/public/rate-limits', { account });
  return body['items'] as { api: string; dimensions: Record<string, string>; windows: { minute: { used: number } } }[];
};

test("another account's bot is 403, and is not counted", async () => {
  expect((await it.call('GET', '/api/public/bots/b-1/faqs', { account: 'first' })).status).toBe(200);
  const refused = await it.call('GET', '/api/public/bots/b-1/faqs', { account: 'second' });
  expect(refused.status).toBe(403);
  expect(refused.body).toMatchObject({ status: 403, message: 'This bot belongs to another account.' });
  expect(refused.headers.get('ratelimit')).toBeNull();
  expect(await itemsOf('second')).toEqual([]);
  expect((await itemsOf('first')).map(({ windows }) => windows.minute.used)).toEqual([1]);
});

test('if its limit is used up, it is still 403 for the other account, not 429', async () => {
  await Promise.all(
    Array.from({ length: 61 }, () => it.call('GET', '/api/public/bots/b-2/faqs', { account: 'first' })),
  );
  expect((await it.call('GET', '/api/public/bots/b-2/faqs', { account: 'first' })).status).toBe(429);
  expect((await it.call('GET', '/api/public/bots/b-2/faqs', { account: 'second' })).status).toBe(403);
});

test("another account's table is 403, and its rows are not returned", async () => {
  await it.call('POST', '/api/public/tables/orders/rows', { account: 'first', body: { data: { order: 'A-1' } } });
  for (const [method, path, body] of [
    ['GET', 'rows', undefined],
    ['GET', 'view', undefined],
    ['PUT', 'rows', { filter: { order: 'A-1' }, set: { order: 'B' } }],
    ['DELETE', 'rows', { filter: { order: 'A-1' } }],
  ] as const) {
    const refused = await it.call(method, `/api/public/tables/orders/${path}`, { account: 'second', body });
    expect({ method, path, status: refused.status }).toEqual({ method, path, status: 403 });
  }
  expect(await itemsOf('second')).toEqual([]);
});

test('if two accounts use a new bot at the same time on two instances, exactly one owns it', async () => {
  // The second instance has its own cache, so the database decides. Many bots are used because not every race is close.
  const second = await createPlatform({ databaseUrl: it.database.url, jwtSecret: SECRET });
  try {
    const race = (bot: number) =>
      [it.platform, second].map(({ url: origin }, i) =>
        it.call('GET', `/api/public/bots/contested-${bot}/faqs`, { account: `racer-${i}`, origin }),
      );
    const races = await Promise.all(Array.from({ length: 40 }, (_, bot) => Promise.all(race(bot))));
    const outcomes = races.map((answers) => answers.map(({ status }) => status).sort());
    expect(outcomes).toEqual(Array(40).fill([200, 403]));
  } finally {
    await second.close();
  }
});

test('an id in two Unicode forms is one bot', async () => {
  expect(
    (await it.call('GET', `/api/public/bots/${encodeURIComponent('caf\u00e9')}/faqs`, { account: 'first' })).status,
  ).toBe(200);
  expect(
    (await it.call('GET', `/api/public/bots/${encodeURIComponent('cafe\u0301')}/faqs`, { account: 'second' })).status,
  ).toBe(403);
});

test('an invalid ID is 400, claims nothing and counts nothing', async () => {
  const wrong: Record<string, string> = {
    blank: '%20',
    NUL: 'a%00b',
    long: 'a'.repeat(257),
    'long in bytes': '%C3%A9'.repeat(129),
  };
  for (const [what, id] of Object.entries(wrong)) {
    for (const path of [
      `bots/${id}/faqs`,
      `tables/${id}/rows`,
      `bots/fine-but-${what}/notifications/${id}`.replace(' ', '-'),
    ]) {
      const { status, body } = await it.call('GET', `/api/public/${path}`, { account: 'careless' });
      expect({ what, path, status, message: typeof body['message'] }).toEqual({
        what,
        path,
        status: 400,
        message: 'string',
      });
    }
  }
  expect(await itemsOf('careless')).toEqual([]);
  const { rows } = await it.database.pool.query(
    `SELECT id FROM platform.owners WHERE account = 'careless' AND kind <> 'account'`,
  );
  expect(rows).toEqual([]);
  expect((await it.call('GET', `/api/public/bots/${'%C3%A9'.repeat(128)}/faqs`, { account: 'careful' })).status).toBe(
    200,
  );
});
