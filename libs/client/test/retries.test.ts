import { expect, test } from '@jest/globals';
import { type Answer, scripted } from './scripted-api.js';

const URL_ = 'http://api.test/things';
const DENIED = { status: 429, headers: { 'Retry-After': '30' } };
const LOST = { error: new TypeError('fetch failed') };

const outcome = (work: Promise<Response>): Promise<number | string> =>
  work.then(
    ({ status }) => status,
    (error: Error) => error.message,
  );

test.each([['GET'], ['POST'], ['DELETE']])(
  'a denied %s is sent again after Retry-After, since it took no effect',
  async (method) => {
    const { client, timers, sent } = scripted([DENIED, { body: 'done' }]);
    const response = await timers.run(client.fetch(URL_, { method }));
    expect([response.status, await response.text()]).toEqual([200, 'done']);
    expect(sent.map(({ atMs }) => atMs)).toEqual([0, 30_000]);
  },
);

test('Retry-After is waited out with jitter: never less, and at most a tenth more', async () => {
  for (const random of [0, 0.5, 0.999]) {
    const { client, timers, sent } = scripted([DENIED], { random: () => random });
    await timers.run(client.fetch(URL_));
    expect(sent[1]?.atMs).toBeCloseTo(30_000 + random * 3_000, 5);
  }
});

test('the body of a call is sent again', async () => {
  const bodies: string[] = [];
  const { client, timers } = scripted([], {
    fetch: async (request) => {
      bodies.push(await request.text());
      return new Response('', bodies.length === 1 ? DENIED : {});
    },
  });
  await timers.run(client.fetch(URL_, { method: 'POST', body: JSON.stringify({ a: 1 }) }));
  expect(bodies).toEqual(['{"a":1}', '{"a":1}']);
});

test('a body that is a stream is sent once, and the caller gets the denial', async () => {
  const { client, timers, sent } = scripted([DENIED]);
  const body = new Blob(['text']).stream();
  const call = client.fetch(URL_, { method: 'POST', body, duplex: 'half' } as RequestInit);
  expect(await outcome(timers.run(call))).toBe(429);
  expect(sent).toHaveLength(1);
});

test('the caller gets the denial if retrying does not help, takes too long, or was done often enough', async () => {
  const blocked = { status: 429, headers: { 'RateLimit-Policy': '"m";q=0;w=60', RateLimit: '"m";r=0' } };
  const once = scripted([blocked]);
  expect(await outcome(once.timers.run(once.client.fetch(URL_)))).toBe(429);
  const late = scripted([DENIED]);
  expect(await outcome(late.timers.run(late.client.fetch(URL_, {}, { maxWaitMs: 29_000 })))).toBe(429);
  const long = scripted([{ status: 429, headers: { 'Retry-After': '86400' } }]);
  expect(await outcome(long.timers.run(long.client.fetch(URL_)))).toBe(429);
  const denials: (number | null)[] = [];
  const often = scripted([DENIED, DENIED, DENIED], { maxDenials: 2, onDenial: ({ waitMs }) => denials.push(waitMs) });
  expect(await outcome(often.timers.run(often.client.fetch(URL_)))).toBe(429);
  expect(denials).toEqual([30_000, 30_000, null]);
  expect([once, late, long, often].map(({ sent }) => sent.length)).toEqual([1, 1, 1, 3]);
});

test.each<[string, RequestInit, object, boolean]>([
  ['a GET', { method: 'GET' }, {}, true],
  ['a HEAD', { method: 'HEAD' }, {}, true],
  ['a POST', { method: 'POST' }, {}, false],
  ['a PUT', { method: 'PUT' }, {}, false],
  ['a POST with a key', { method: 'POST', headers: { 'Idempotency-Key': 'k' } }, {}, true],
  ['a POST that the caller calls idempotent', { method: 'POST' }, { idempotent: true }, true],
  ['a GET that the caller calls not idempotent', { method: 'GET' }, { idempotent: false }, false],
])(
  'after a lost response or 503, %s is repeated only if that does no harm',
  async (_what, init, options, isRepeated) => {
    const failures: Answer[] = [LOST, { status: 503 }];
    for (const failure of failures) {
      const { client, timers, sent } = scripted([failure]);
      const ended = await outcome(timers.run(client.fetch(URL_, init, options)));
      expect(ended).toBe(isRepeated ? 200 : (failure.error?.message ?? 503));
      expect(sent).toHaveLength(isRepeated ? 2 : 1);
    }
  },
);

test('failures are repeated maxRetries times, after growing times', async () => {
  const { client, timers, sent } = scripted([LOST, LOST, LOST, LOST], { maxRetries: 3, random: () => 0.999 });
  expect(await outcome(timers.run(client.fetch(URL_)))).toBe('fetch failed');
  const waits = sent.slice(1).map(({ atMs }, index) => atMs - Number(sent[index]?.atMs));
  expect(waits).toEqual([500, 999, 1998]);
});

test('other statuses are not repeated', async () => {
  for (const status of [400, 401, 404, 409, 422, 500]) {
    const { client, timers, sent } = scripted([{ status }]);
    expect(await outcome(timers.run(client.fetch(URL_)))).toBe(status);
    expect(sent).toHaveLength(1);
  }
});

test('503 with Retry-After pauses all calls of the API', async () => {
  const { client, timers, sent } = scripted([{ status: 503, headers: { 'Retry-After': '10' } }]);
  const calls = [client.fetch(URL_), client.fetch(`${URL_}/2`)];
  await timers.run(Promise.all(calls));
  expect(sent.map(({ atMs }) => atMs)).toEqual([0, 10_000, 10_000]);
});
