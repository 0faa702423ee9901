/** APIs that report limits in another form, wrongly, or not at all. */
import { describe, expect, test } from '@jest/globals';
import { TestTimers } from '@rollgate/testing';
import { createClient } from '../src/index.js';
import { LimitedApi, type LimitedApiOptions, leastMs } from './limited-api.js';

const MINUTE = { name: 'minute', limit: 30, seconds: 60 };

async function callAll(options: Partial<LimitedApiOptions>, { unixMs }: { unixMs?: () => number } = {}) {
  const timers = new TestTimers();
  const api = new LimitedApi({ timers, windows: [MINUTE], ...options });
  const clock = {
    nowMs: () => timers.nowMs(),
    unixMs: unixMs ?? (() => timers.nowMs()),
    setTimer: (run: () => void, delayMs: number) => timers.setTimer(run, delayMs),
    clearTimer: (timer: unknown) => timers.clearTimer(timer),
  };
  const client = createClient({ fetch: api.fetch, clock, random: () => 0.5, maxInFlight: 4 });
  const startMs = timers.nowMs();
  const calls = Array.from({ length: 200 }, (_, index) => client.fetch(`http://api.test/${index}`));
  const responses = await timers.run(Promise.all(calls));
  return {
    statuses: [...new Set(responses.map(({ status }) => status))],
    denied: api.denied,
    share: (timers.nowMs() - startMs) / leastMs(200, [MINUTE]),
  };
}

function only(names: readonly string[], headers: Headers): void {
  for (const name of [...headers.keys()]) if (!names.includes(name)) headers.delete(name);
}

describe('other forms', () => {
  test.each<[string, (resetSeconds: number, nowMs: number) => string]>([
    ['seconds', (seconds) => String(seconds)],
    ['Unix seconds', (seconds, nowMs) => String(Math.ceil(nowMs / 1000) + seconds)],
  ])('X-RateLimit alone, with a reset in %s, is kept without a denial', async (_what, resetOf) => {
    const result = await callAll({
      headers: (headers, { windows, nowMs }) => {
        only([], headers);
        headers.set('X-RateLimit-Limit', '30');
        headers.set('X-RateLimit-Remaining', String(windows[0]?.remaining));
        headers.set('X-RateLimit-Reset', resetOf(windows[0]?.resetSeconds ?? 0, nowMs));
        headers.set('Date', new Date(nowMs).toUTCString());
      },
    });
    expect(result).toMatchObject({ statuses: [200], denied: 0 });
    expect(result.share).toBeLessThan(1.25);
  });

  test('fields of the sixth draft are kept without a denial', async () => {
    const result = await callAll({
      headers: (headers, { windows }) => {
        only([], headers);
        headers.set('RateLimit-Limit', '30');
        headers.set('RateLimit-Policy', '30;w=60');
        headers.set('RateLimit-Remaining', String(windows[0]?.remaining));
        headers.set('RateLimit-Reset', String(windows[0]?.resetSeconds ?? 0));
      },
    });
    expect(result).toMatchObject({ statuses: [200], denied: 0 });
    expect(result.share).toBeLessThan(1.15);
  });
});

describe('missing fields', () => {
  test('Retry-After alone: each denial is waited out, and denials stay few', async () => {
    const result = await callAll({ headers: (headers) => only(['retry-after'], headers) });
    expect(result.statuses).toEqual([200]);
    expect(result.denied).toBeLessThan(30);
    expect(result.share).toBeLessThan(1.3);
  });

  test('a policy alone is enough', async () => {
    const result = await callAll({ headers: (headers) => only(['ratelimit-policy'], headers) });
    expect(result).toMatchObject({ statuses: [200], denied: 0 });
    expect(result.share).toBeLessThan(1.15);
  });

  test('no fields at all, not even at a denial: the client backs off', async () => {
    const result = await callAll({ headers: (headers) => only([], headers) });
    expect(result.statuses).toEqual([200]);
    expect(result.denied).toBeLessThan(80);
  });
});

describe('wrong fields', () => {
  test('an API that always reports units left is denied rarely, since the client keeps its own calls', async () => {
    const result = await callAll({ headers: (headers) => headers.set('RateLimit', '"minute";r=30') });
    expect(result.statuses).toEqual([200]);
    expect(result.denied).toBeLessThan(10);
  });

  test('an API that always reports a full window is called once per reset', async () => {
    const result = await callAll({ headers: (headers) => headers.set('RateLimit', '"minute";r=0;t=2') });
    expect(result).toMatchObject({ statuses: [200], denied: 0 });
  });

  test('an API whose Retry-After is always 0 is not polled without a pause', async () => {
    const result = await callAll({
      headers: (headers, { isDenied }) => {
        only([], headers);
        if (isDenied) headers.set('Retry-After', '0');
      },
    });
    expect(result.statuses).toEqual([200]);
    expect(result.denied).toBeLessThan(80);
  });

  test.each([
    ['"minute";r=9999999999;t=1', '"minute";q=99999999999;w=60'],
    ['"minute";r=1.5;t=-3', '"minute";q=-1;w=-60'],
    ['garbage ((', ';;'],
    ['"minute";r=5;t=999999999999', '"minute";q=30;w=999999999999'],
  ])('%s and %s stop nothing', async (state, policy) => {
    const timers = new TestTimers();
    const headers = { RateLimit: state, 'RateLimit-Policy': policy };
    const client = createClient({ fetch: async () => new Response('', { headers }), clock: timers, pace: 'burst' });
    const calls = Array.from({ length: 4 }, () => client.fetch('http://api.test/', { method: 'POST' }));
    const startMs = timers.nowMs();
    await timers.run(Promise.all(calls));
    expect(timers.nowMs() - startMs).toBeLessThan(1_000);
  });
});

test.each([[-86_400_000], [86_400_000]])('clocks that differ by %i ms make no difference', async (skewMs) => {
  const serverMs = (nowMs: number) => nowMs + skewMs;
  const result = await callAll(
    {
      headers: (headers, { isDenied, retryAfterSeconds, windows, nowMs }) => {
        headers.set('Date', new Date(serverMs(nowMs)).toUTCString());
        if (isDenied) headers.set('Retry-After', new Date(serverMs(nowMs) + retryAfterSeconds * 1000).toUTCString());
        headers.delete('RateLimit');
        headers.delete('RateLimit-Policy');
        headers.set('X-RateLimit-Remaining', String(windows[0]?.remaining));
        const resetSeconds = Math.ceil(serverMs(nowMs) / 1000) + Number(windows[0]?.resetSeconds ?? 0);
        headers.set('X-RateLimit-Reset', String(resetSeconds));
      },
    },
    { unixMs: () => 0 },
  );
  expect(result).toMatchObject({ statuses: [200], denied: 0 });
});

test('staff raise the limit, or reset the window: the client uses it at once', async () => {
  const timers = new TestTimers();
  const api = new LimitedApi({ timers, windows: [MINUTE] });
  const client = createClient({ fetch: api.fetch, clock: timers, pace: 'burst' });
  const send = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => client.fetch(`http://api.test/${index}`)));
  await timers.run(send(20));
  api.reset();
  const startMs = timers.nowMs();
  // The client learns of the reset from the first response, so the calls beyond the old limit need no wait.
  await timers.run(send(30));
  expect([timers.nowMs() - startMs, api.denied]).toEqual([0, 0]);
});

test('limits that no header tells are found with ever fewer calls at once', async () => {
  const timers = new TestTimers();
  const headers = (fields: Headers): void => only(['retry-after'], fields);
  const api = new LimitedApi({ timers, windows: [MINUTE], headers, latencyMs: () => [50, 50] });
  const client = createClient({ fetch: api.fetch, clock: timers, random: () => 0.5, maxInFlight: 200 });
  await timers.run(Promise.all(Array.from({ length: 200 }, (_, index) => client.fetch(`http://api.test/${index}`))));
  // 170 in the first rush. If each window met all waiting calls again, there would be 570 in all.
  expect(api.admitted).toBe(200);
  expect(api.denied).toBeLessThan(400);
});
