/** Two instances of the service behind a load balancer that follows /readyz: replacing both loses no call. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createTestDatabase, restartOneByOne, spawnNode, type TestDatabase } from '@rollgate/testing';
import { rollgate } from './run-rollgate.js';
import { registerSample } from './start-service.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const CALLS = 10_000;
const DRAIN_MS = 1_000;

jest.setTimeout(300_000);

let database: TestDatabase;
let token: string;
beforeAll(async () => {
  database = await createTestDatabase();
  await registerSample(database.url);
  const args = ['token', 'create', 'roll', '--permissions', 'decisions.write', '--json'];
  token = (JSON.parse((await rollgate(args, database.url)).stdout) as { secret: string }).secret;
});
afterAll(() => database?.drop());

test('a rolling restart under load loses 0 of 10,000 calls', async () => {
  const { outcomes, failures, exits, sent } = await restartOneByOne({
    calls: CALLS,
    start: (port) =>
      spawnNode({
        script: MAIN,
        env: {
          DATABASE_URL: database.url,
          ROLLGATE_PORT: String(port),
          ROLLGATE_DRAIN_MS: String(DRAIN_MS),
          // Logging each call would cost as much as the call.
          ROLLGATE_LOG_LEVEL: 'warn',
        },
      }),
    call: (n) => ({
      method: 'POST',
      path: '/api/decisions',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ account: `co-${n % 500}`, api: 'publish-bot', dimensions: { bot: `b-${n}` } }),
    }),
  });
  expect(failures).toEqual([]);
  expect(Object.keys(outcomes)).toEqual(['200']);
  expect(outcomes['200']).toBeGreaterThanOrEqual(CALLS);
  expect(exits).toEqual([
    { code: 0, signal: null },
    { code: 0, signal: null },
  ]);
  // Each of the four instances served a share of the calls.
  for (const calls of sent) expect(calls).toBeGreaterThan(100);
});
