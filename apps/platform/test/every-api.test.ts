/**
 * Calls every API of the published catalogue over HTTP, up to its limit and once more, with a real Postgres.
 */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sampleCatalogue } from '@rollgate/contract/sample';
import type { PublishedApi } from '../src/catalogue/route-catalogue.js';
import { type Answer, type Ids, startPlatform, type TestPlatform } from './start-platform.js';

const SENTENCE = 'Rate limit for this API has been reached. Please try again after some time.';
const AT_ONCE = 60;

let it: TestPlatform;
let published: readonly PublishedApi[];

beforeAll(async () => {
  it = await startPlatform();
  published = (await it.call('GET', '/catalogue', { account: null })).body as unknown as PublishedApi[];
});
afterAll(() => it.stop());

test('the published catalogue contains each API of the matrix once', () => {
  const matrix = sampleCatalogue.entries().map(({ groupTitle: _, message: __, ...entry }) => entry);
  expect(
    published.map(({ id, title, group, level, limits, scope }) => ({ id, title, group, level, limits, scope })),
  ).toEqual(matrix);
  expect(published).toHaveLength(78);
  expect(new Set(published.map(({ method, path }) => `${method} ${path}`)).size).toBe(78);
});

test('a status API names the API that starts its request ids, and no other API does', () => {
  for (const { id, path, startedBy } of published) {
    expect({ id, startedBy: published.some((api) => api.id === startedBy) }).toEqual({
      id,
      startedBy: path.includes(':requestId'),
    });
  }
});

test('a route that takes a body has an example of it', () => {
  for (const { id, method, exampleBody } of published) {
    expect({ id, hasExample: exampleBody !== null }).toEqual({ id, hasExample: method !== 'GET' });
  }
});

describe.each(sampleCatalogue.entries())('$id', ({ id, level, limits }) => {
  test(`allows ${limits.perMinute} calls in a minute for one ${level.join(' + ')}, and no more`, async () => {
    const api = published.find((one) => one.id === id) as PublishedApi;
    const account = `account-of-${id}`;
    const ids = await freshIds(api, { account, name: `${id}-1` });

    const answers = await inTurns(limits.perMinute + 1, () => it.callApi(api, { account, ids }));
    const denied = answers.filter(({ status }) => status === 429);
    const admitted = answers.filter(({ status }) => status !== 429);
    expect(denied).toHaveLength(1);
    expect(admitted.filter(({ status }) => status < 200 || status > 299)).toEqual([]);
    const remaining = admitted.map(({ headers }) =>
      Number(/"minute";r=(\d+)/.exec(String(headers.get('ratelimit')))?.[1]),
    );
    expect(remaining.sort((a, b) => a - b)).toEqual(Array.from({ length: limits.perMinute }, (_, i) => i));
    expectDenial(denied[0] as Answer, api);
    for (const { headers } of answers) expect(headers.get('ratelimit-policy')).toBe(policyOf(api));

    await expectOthersUnaffected(api, { account, ids });
    expect((await it.callApi(api, { account, ids })).status).toBe(429);
  });
});

function expectDenial({ headers, body }: Answer, api: PublishedApi): void {
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(body).toEqual({
    type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
    title: expect.any(String),
    status: 429,
    message: SENTENCE,
    'violated-policies': ['minute'],
    api: api.id,
    window: 'minute',
    limit: api.limits.perMinute,
    retryAfterSeconds: expect.any(Number),
    denialId: expect.any(String),
    support: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/support\/limit-requests\?denial=[\w-]+\.[\w-]+$/),
  });
  const [, wait] = /^"minute";r=0;t=(\d+), "hour";r=\d+;t=\d+$/.exec(String(headers.get('ratelimit'))) ?? [];
  expect(Number(wait)).toBeGreaterThan(0);
  const retryAfter = Number(headers.get('retry-after'));
  expect(retryAfter).toBeGreaterThanOrEqual(Number(wait));
  expect(retryAfter).toBeLessThanOrEqual(61);
  expect(body['retryAfterSeconds']).toBe(retryAfter);
}

function policyOf({ limits: { perMinute, perHour } }: PublishedApi): string {
  return `"minute";q=${perMinute};w=60, "hour";q=${perHour};w=3600`;
}

/** Another subject of the same API, and another API with the same IDs, have used only the unit of this call. */
async function expectOthersUnaffected(
  api: PublishedApi,
  { account, ids }: { account: string; ids: Ids },
): Promise<void> {
  const others = api.level.includes('account')
    ? [{ account: `another-${account}`, name: `${api.id}-other-account` }]
    : [{ account, name: `${api.id}-2` }];
  if (api.level.includes('table')) others.push({ account, name: `${api.id}-2` });
  for (const other of others) {
    const answer = await it.callApi(api, { account: other.account, ids: await freshIds(api, other) });
    expect({ other, ok: answer.status < 300 }).toEqual({ other, ok: true });
    expect(answer.headers.get('ratelimit')).toContain(`"minute";r=${api.limits.perMinute - 1};`);
  }
  const sibling = siblingOf(api);
  const answer = await it.callApi(sibling, { account, ids });
  expect(answer.headers.get('ratelimit')).toContain(`"minute";r=${sibling.limits.perMinute - 1};`);
}

/**
 * Another API with the same parameters, of the same group if there is one. A status API then gets a request ID of another
 * kind, which counts as unknown.
 */
function siblingOf(api: PublishedApi): PublishedApi {
  const names = ({ path }: PublishedApi): string[] => path.match(/:\w+/g) ?? [];
  const siblings = published.filter((one) => one.id !== api.id && names(one).join() === names(api).join());
  const fallback = published.filter(
    (one) => one.id !== api.id && names(one).every((name) => names(api).includes(name)),
  );
  return (siblings.find(({ group }) => group === api.group) ?? siblings[0] ?? fallback[0]) as PublishedApi;
}

/** New IDs. For a status API, a job is started by the API that the catalogue names. */
async function freshIds(api: PublishedApi, { account, name }: { account: string; name: string }): Promise<Ids> {
  const ids = { botId: `bot-${name}`, tableName: `table-${name}` };
  if (api.startedBy === undefined) return ids;
  const starter = published.find(({ id }) => id === api.startedBy) as PublishedApi;
  const { status, body } = await it.callApi(starter, { account, ids });
  expect({ starter: starter.id, status }).toEqual({ starter: starter.id, status: 202 });
  return { ...ids, requestId: String(body['requestId']) };
}

/** Makes `count` calls, a few at the same time. */
async function inTurns(count: number, call: () => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  let left = count;
  const caller = async () => {
    while (left-- > 0) answers.push(await call());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, caller));
  return answers;
}
