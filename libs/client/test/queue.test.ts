import { expect, test } from '@jest/globals';
import {
  CallAbortedError,
  CallError,
  ClientClosedError,
  createClient,
  QueueFullError,
  WaitTooLongError,
} from '../src/index.js';
import { scripted } from './scripted-api.js';

const URL_ = 'http://api.test/things';
const POST = { method: 'POST' };
const ONE_A_MINUTE = { 'RateLimit-Policy': '"minute";q=1;w=60', RateLimit: '"minute";r=0;t=60' };

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a full queue rejects further calls, and takes calls again once others have left', async () => {
  const { client, timers, sent } = scripted([{ headers: ONE_A_MINUTE }], { maxQueue: 2 });
  const first = client.fetch(URL_, POST);
  const waiting = [client.fetch(URL_, POST), client.fetch(URL_, POST)];
  expect(client.waiting).toBe(2);
  const error = await failure(client.fetch(URL_, POST));
  expect(error).toBeInstanceOf(QueueFullError);
  expect(error).toMatchObject({ code: 'QUEUE_FULL', maxQueue: 2 });
  await timers.run(Promise.all([first, ...waiting]));
  expect(sent).toHaveLength(3);
  expect((await timers.run(client.fetch(URL_, POST))).status).toBe(200);
});

test('with maxQueue 0 a call is sent at once or not at all', async () => {
  const { client, timers } = scripted([{ headers: ONE_A_MINUTE }], { maxQueue: 0 });
  expect((await timers.run(client.fetch(URL_, POST))).status).toBe(200);
  expect(await failure(timers.run(client.fetch(URL_, POST)))).toBeInstanceOf(QueueFullError);
});

test('a call that can’t be sent within maxWaitMs is rejected at once, with the time that it would take', async () => {
  const { client, timers, sent } = scripted([{ headers: ONE_A_MINUTE }]);
  await timers.run(client.fetch(URL_, POST));
  const nowMs = timers.nowMs();
  const error = await failure(timers.run(client.fetch(URL_, POST, { maxWaitMs: 60_999 })));
  expect(error).toBeInstanceOf(WaitTooLongError);
  expect(error).toMatchObject({ code: 'WAIT_TOO_LONG', maxWaitMs: 60_999, readyInMs: 61_000 });
  expect(timers.nowMs()).toBe(nowMs);
  await timers.run(client.fetch(URL_, POST, { maxWaitMs: 61_000 }));
  expect(sent.map(({ atMs }) => atMs)).toEqual([0, 61_000]);
});

test('a call that waits for an unknown time is rejected when maxWaitMs is over', async () => {
  const { client, timers } = scripted([{ afterMs: 9_000 }]);
  const first = client.fetch(URL_, POST);
  const error = await timers.run(failure(client.fetch(URL_, POST, { maxWaitMs: 5_000 })));
  expect(error).toBeInstanceOf(WaitTooLongError);
  expect((await timers.run(first)).status).toBe(200);
});

test('an aborted call leaves the queue, and one in flight ends', async () => {
  const { client, timers, sent } = scripted([{ headers: ONE_A_MINUTE }, { afterMs: 5_000 }]);
  await timers.run(client.fetch(URL_, POST));
  const waiting = new AbortController();
  const waits = failure(client.fetch(URL_, { ...POST, signal: waiting.signal }));
  expect(client.waiting).toBe(1);
  waiting.abort('no longer needed');
  expect(await waits).toMatchObject({ code: 'ABORTED', name: 'AbortError', cause: 'no longer needed' });
  expect(client.waiting).toBe(0);

  const flying = new AbortController();
  const flies = failure(client.fetch(URL_, POST, { signal: flying.signal }));
  timers.setTimer(() => flying.abort(), 61_000);
  expect(await timers.run(flies)).toBeInstanceOf(CallAbortedError);
  expect(sent).toHaveLength(2);
  expect(client.inFlight).toBe(0);

  const before = failure(client.fetch(URL_, { ...POST, signal: AbortSignal.abort() }));
  expect(await before).toBeInstanceOf(CallError);
});

test('close rejects calls that wait, finishes those in flight, and takes no more', async () => {
  const { client, timers } = scripted([{ afterMs: 1_000 }]);
  const flies = client.fetch(URL_, POST);
  const waits = failure(client.fetch(URL_, POST));
  client.close();
  expect(await waits).toBeInstanceOf(ClientClosedError);
  expect(await failure(client.fetch(URL_, POST))).toMatchObject({ code: 'CLIENT_CLOSED' });
  expect((await timers.run(flies)).status).toBe(200);
});

test('a call of another limit is not held up', async () => {
  const { client, timers, sent } = scripted([{ headers: ONE_A_MINUTE }]);
  await timers.run(client.fetch('http://a.test/', POST));
  const held = client.fetch('http://a.test/', POST);
  await timers.run(client.fetch('http://b.test/', POST));
  await timers.run(client.fetch('http://a.test/', { ...POST, headers: { authorization: 'Bearer another' } }));
  expect(sent.map(({ atMs }) => atMs)).toEqual([0, 0, 0]);
  await timers.run(held);
  expect(sent[3]?.atMs).toBe(61_000);
});

test('a route that meets another window, or another partition of it, is not held up', async () => {
  const fields = (partition: string, remaining: number) => ({
    'RateLimit-Policy': `"minute";q=5;w=60;pk="${partition}"`,
    RateLimit: `"minute";r=${remaining};t=60;pk="${partition}"`,
  });
  const { client, timers, sent } = scripted([{ headers: fields('b', 4) }, { headers: fields('a', 0) }], {
    pace: 'burst',
  });
  await timers.run(client.fetch('http://a.test/b', POST));
  await timers.run(client.fetch('http://a.test/a', POST));
  const held = client.fetch('http://a.test/a', POST);
  await timers.run(client.fetch('http://a.test/b', POST));
  expect(sent.map(({ atMs }) => atMs)).toEqual([0, 0, 0]);
  await timers.run(held);
  expect(sent[3]?.atMs).toBe(60_000);
});

test('calls in flight at once are bounded, over all limits', async () => {
  const { client, timers, sent } = scripted(
    Array.from({ length: 9 }, () => ({ afterMs: 1_000 })),
    { maxInFlight: 3 },
  );
  // The first call of each key is sent at once.
  const calls = Array.from({ length: 9 }, (_, index) => client.fetch(`http://${index}.test/`, POST));
  expect(client.inFlight).toBe(3);
  await timers.run(Promise.all(calls));
  expect(sent.map(({ atMs }) => atMs)).toEqual([0, 0, 0, 1000, 1000, 1000, 2000, 2000, 2000]);
});

test('a costly call is not overtaken by cheap ones that would take its units', async () => {
  const fields = (remaining: number, t: number) => ({
    'RateLimit-Policy': '"m";q=10;w=60',
    RateLimit: `"m";r=${remaining};t=${t}`,
  });
  const { client, timers, sent } = scripted([{ headers: fields(4, 30) }, { headers: fields(2, 1) }], { pace: 'burst' });
  await timers.run(client.fetch('http://a.test/first', POST));
  const costly = client.fetch('http://a.test/costly', POST, { cost: 8 });
  const cheap = client.fetch('http://a.test/cheap', POST);
  await timers.run(Promise.all([costly, cheap]));
  expect(sent.map(({ what }) => what)).toEqual(['POST /first', 'POST /costly', 'POST /cheap']);
  expect(sent[1]?.atMs).toBe(30_000);
});

test.each([
  [{ maxQueue: -1 }],
  [{ maxInFlight: 0 }],
  [{ maxWaitMs: Number.NaN }],
  [{ maxRetries: -1 }],
  [{ slackMs: -1 }],
])('%j is rejected', (options) => {
  expect(() => createClient(options)).toThrow(RangeError);
});
