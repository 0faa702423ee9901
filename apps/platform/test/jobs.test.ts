import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TestClock } from '@rollgate/testing';
import type { PublishedApi } from '../src/catalogue/route-catalogue.js';
import { startPlatform, type TestPlatform } from './start-platform.js';

const clock = new TestClock();
let it: TestPlatform;
let published: readonly PublishedApi[];
beforeAll(async () => {
  it = await startPlatform({ clock: () => clock.nowMs });
  published = (await it.call('GET', '/catalogue', { account: null })).body as unknown as PublishedApi[];
});
afterAll(() => it.stop());

const NOBODYS = '00000000-0000-4000-8000-000000000000';
const start = async (account = 'acme') =>
  String((await it.call('POST', `/api/public/bots/b-${account}/publish`, { account, body: {} })).body['requestId']);
const remaining = (headers: Headers) => Number(/"minute";r=(\d+)/.exec(String(headers.get('ratelimit')))?.[1]);

test('every job is in progress at first and completed when its duration has passed', async () => {
  for (const api of published.filter(({ startedBy }) => startedBy !== undefined)) {
    const starter = published.find(({ id }) => id === api.startedBy) as PublishedApi;
    const ids = { botId: `bot-${api.id}` };
    const { requestId } = (await it.callApi(starter, { ids })).body as { requestId: string };
    const status = async () => (await it.callApi(api, { ids: { ...ids, requestId } })).body;
    expect(await status()).toMatchObject({ requestId, status: 'in_progress', percentCompleted: 0 });
    clock.advance({ seconds: 1 });
    expect(await status()).toMatchObject({ status: 'in_progress', percentCompleted: 50 });
    clock.advance({ seconds: 1 });
    const completed = await status();
    expect(completed).toMatchObject({ status: 'completed', percentCompleted: 100, result: expect.any(Object) });
    expect(Object.keys(completed['result'] as object).length).toBeGreaterThan(0);
  }
});

test('one status API reads both kinds of imports, and the new bot belongs to the importer', async () => {
  const body = { name: 'Copy', dialogs: [{ name: 'greet' }] };
  const started = await it.call('POST', '/api/public/bots/b-source/imports/new-bot', { account: 'importer', body });
  const { requestId, newBotId } = started.body as { requestId: string; newBotId: string };
  const read = (account: string) => it.call('GET', `/api/public/bot-imports/${requestId}`, { account });
  expect((await read('importer')).status).toBe(200);
  expect((await it.call('GET', '/api/public/bots', { account: 'importer' })).body).toEqual({
    bots: [{ botId: 'b-source' }, { botId: newBotId }],
  });
  expect((await it.call('GET', `/api/public/bots/${newBotId}/faqs`, { account: 'thief' })).status).toBe(403);
});

describe('an unknown request ID', () => {
  test.each([
    ['invented', async () => NOBODYS],
    ['no request id at all', async () => 'nonsense'],
    ["another account's", () => start('owner')],
    ['in capitals', async () => (await start('guesser-of-in-capitals')).toUpperCase()],
  ])('%s: 404', async (what, make) => {
    const account = `guesser-of-${what.replaceAll(' ', '-')}`;
    const { status, body } = await it.call('GET', `/api/public/bot-publications/${await make()}`, { account });
    expect({ status, message: body['message'] }).toEqual({
      status: 404,
      message: 'There is no such request id for this API in your account.',
    });
  });

  test('of another API: 404', async () => {
    expect((await it.call('GET', `/api/public/bot-exports/${await start()}`)).status).toBe(404);
  });

  test('of another bot, where the path names one: 404', async () => {
    const body = { userId: 'u-1', message: 'Sent.' };
    const { requestId } = (await it.call('POST', '/api/public/bots/b-one/notifications', { body })).body;
    expect((await it.call('GET', `/api/public/bots/b-one/notifications/${requestId}`)).status).toBe(200);
    expect((await it.call('GET', `/api/public/bots/b-two/notifications/${requestId}`)).status).toBe(404);
  });

  test("counts in the account's shared subject, so that guessing is limited", async () => {
    const guess = (i: number) =>
      it.call('GET', `/api/public/bot-publications/${NOBODYS.slice(0, -2)}${10 + i}`, { account: 'guesser' });
    const statuses = (await Promise.all(Array.from({ length: 61 }, (_, i) => guess(i)))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 404)).toHaveLength(60);
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);

    const own = await it.call('GET', `/api/public/bot-publications/${await start('guesser')}`, { account: 'guesser' });
    expect({ status: own.status, remaining: remaining(own.headers) }).toEqual({ status: 200, remaining: 59 });
    const other = await it.call('GET', `/api/public/bot-publications/${NOBODYS}`, { account: 'another-guesser' });
    expect({ status: other.status, remaining: remaining(other.headers) }).toEqual({ status: 404, remaining: 59 });
  });

  test('a guess does not spend units of a known request ID', async () => {
    const requestId = await start('owner');
    await it.call('GET', `/api/public/bot-publications/${requestId}`, { account: 'passer-by' });
    const own = await it.call('GET', `/api/public/bot-publications/${requestId}`, { account: 'owner' });
    expect(remaining(own.headers)).toBe(59);
  });
});

test('an execution that was deleted is not found any more', async () => {
  const { requestId } = (
    await it.call('POST', '/api/public/bots/b-x/batch-test-executions', { body: { suiteName: 'smoke' } })
  ).body;
  expect((await it.call('GET', `/api/public/batch-test-executions/${requestId}`)).status).toBe(200);
  const removed = await it.call('DELETE', '/api/public/bots/b-x/batch-test-executions', { body: { requestId } });
  expect(removed.body).toEqual({ requestId, deleted: 1 });
  expect((await it.call('GET', `/api/public/batch-test-executions/${requestId}`)).status).toBe(404);
});

test('an execution that another instance deleted is not found either', async () => {
  const started = await it.call('POST', '/api/public/bots/b-y/batch-test-executions', { body: { suiteName: 'smoke' } });
  const path = `/api/public/batch-test-executions/${started.body['requestId']}`;
  expect((await it.call('GET', path)).status).toBe(200);
  await it.database.pool.query('DELETE FROM platform.jobs WHERE id = $1', [started.body['requestId']]);
  expect((await it.call('GET', path)).status).toBe(404);
});
