/**
 * Programs that call the platform, with a real Postgres. The limiter and the programs have the same clock, which advances when no
 * call is in flight, so that hours pass in seconds.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Client, createClient } from '@rollgate/client';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createPostgresLimiter, type Limiter } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase, TestTimers } from '@rollgate/testing';
import { signToken } from '../src/auth/tokens.js';
import { createPlatform, type Platform } from '../src/platform.js';
import { SECRET } from './start-platform.js';

/** Limits of `publish-bot`. */
const LIMITS = [
  { units: 60, seconds: 60 },
  { units: 1800, seconds: 3600 },
];

const timers = new TestTimers();
let database: TestDatabase;
let limiter: Limiter;
let platform: Platform;
let inFlight = 0;
let denied = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  limiter = createPostgresLimiter({
    databaseUrl: database.url,
    catalogue: sampleCatalogue,
    budgetMs: 20_000,
    janitor: false,
    clock: () => timers.nowMs(),
  });
  platform = await createPlatform({ databaseUrl: database.url, jwtSecret: SECRET, limiter });
});
afterAll(async () => {
  await platform?.close();
  await limiter?.close();
  await database?.drop();
});

/** Counts a call as in flight until its body has arrived. */
async function send(request: Request): Promise<Response> {
  inFlight += 1;
  try {
    const response = await fetch(request);
    if (response.status === 429) denied += 1;
    return new Response(await response.arrayBuffer(), response);
  } finally {
    inFlight -= 1;
  }
}

async function publishing(account: string) {
  denied = 0;
  const authorization = `Bearer ${await signToken({ secret: SECRET, account, expiresInSeconds: 3600 })}`;
  return {
    url: `${platform.url}/api/public/bots/bot-of-${account}/publish`,
    init: { method: 'POST', headers: { authorization } },
  };
}

const inVirtualTime = <T>(work: Promise<T>): Promise<T> => timers.run(work, () => inFlight > 0);

/** When the last of `calls` can be allowed at the earliest, in ms after the first: a unit counts for a second more than its window. */
function leastMs(calls: number): number {
  const starts: number[] = [];
  for (let index = 0; index < calls; index += 1) {
    const free = LIMITS.map(({ units, seconds }) => (index < units ? 0 : Number(starts[index - units]) + seconds + 1));
    starts.push(Math.max(...free));
  }
  return Number(starts.at(-1)) * 1000;
}

async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const startMs = timers.nowMs();
  await inVirtualTime(work());
  return timers.nowMs() - startMs;
}

test('2,000 calls end without a denial in the least possible time and 5 %', async () => {
  const { url, init } = await publishing('patient');
  const client = createClient({ fetch: send, clock: timers });
  const statuses = new Set<number>();
  const ms = await elapsedMs(async () => {
    const calls = Array.from({ length: 2000 }, () => client.fetch(url, init));
    for (const response of await Promise.all(calls)) statuses.add(response.status);
  });
  expect({ statuses: [...statuses], denied }).toEqual({ statuses: [202], denied: 0 });
  expect(ms / leastMs(2000)).toBeGreaterThanOrEqual(1);
  expect(ms / leastMs(2000)).toBeLessThan(1.05);
}, 300_000);

test('a program that calls until it is denied, and again every ten seconds, gets hundreds of denials', async () => {
  const { url, init } = await publishing('naive');
  await inVirtualTime(
    (async () => {
      for (let accepted = 0; accepted < 2000; ) {
        const { status } = await send(new Request(url, init));
        if (status === 202) accepted += 1;
        else await timers.sleep(10_000);
      }
    })(),
  );
  expect(denied).toBeGreaterThan(300);
}, 300_000);

test('three clients of one account, each of which sees only its own responses, are denied rarely and wait it out', async () => {
  const { url, init } = await publishing('shared');
  const clients: Client[] = Array.from({ length: 3 }, () => createClient({ fetch: send, clock: timers }));
  const statuses = new Set<number>();
  const ms = await elapsedMs(async () => {
    const calls = clients.flatMap((client) => Array.from({ length: 200 }, () => client.fetch(url, init)));
    for (const response of await Promise.all(calls)) statuses.add(response.status);
  });
  expect([...statuses]).toEqual([202]);
  expect(denied).toBeLessThan(600 * 0.03);
  expect(ms / leastMs(600)).toBeLessThan(1.4);
}, 300_000);
