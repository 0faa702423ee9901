/** Several processes with one database share one limit. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createTestDatabase, spawnNode, type TestDatabase, until } from '@rollgate/testing';
import { createPostgresLimiter } from '../src/postgres-limiter.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('three instances that call ten times the limit across a minute edge are granted exactly the limit', async () => {
  const limit = 60;
  const args = { database: database.url, 'edge-ms': Date.UTC(2026, 0, 1), calls: (limit * 10) / 3, limit };
  const instances = await Promise.all(
    Array.from({ length: 3 }, () =>
      spawnNode({
        script: new URL('load-instance.mjs', import.meta.url).pathname,
        args: Object.entries(args).map(([name, value]) => `--${name}=${value}`),
        readyLine: /^ready$/,
      }),
    ),
  );
  for (const instance of instances) instance.send('go\n');
  const told = await Promise.all(
    instances.map(
      async (instance) => JSON.parse(await instance.waitForLine(/^\{/)) as { granted: number; minutes: number[] },
    ),
  );
  await Promise.all(instances.map((instance) => instance.exited));
  expect(told.reduce((sum, { granted }) => sum + granted, 0)).toBe(limit);
  for (const { minutes } of told) expect(minutes).toHaveLength(2);
}, 90_000);

test('calls of a subject freed on one instance go to the database again on the others', async () => {
  const open = () =>
    createPostgresLimiter({
      catalogue: sampleCatalogue,
      databaseUrl: database.url,
      pollEveryMs: 20,
      janitor: false,
      budgetMs: 20_000,
      connections: 2,
    });
  const [here, there] = [open(), open()];
  try {
    const request = { account: 'acme', api: 'publish-bot', dimensions: { bot: 'freed' } };
    const spent = await Promise.all(Array.from({ length: 60 }, () => here.acquire(request)));
    expect(spent.every(({ allowed }) => allowed)).toBe(true);
    expect((await there.acquire(request)).allowed).toBe(false);
    expect((await there.acquire(request)).allowed).toBe(false);

    await here.reset(request);
    expect((await here.acquire(request)).allowed).toBe(true);
    await until(async () => (await there.acquire(request)).allowed, {
      what: 'the other instance allows a call',
      timeoutMs: 2_000,
      pauseMs: 10,
    });
  } finally {
    await Promise.all([here.close(), there.close()]);
  }
});
