/** Two instances of the platform behind a load balancer that follows /readyz: replacing both loses no call. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createTestDatabase, restartOneByOne, spawnNode, type TestDatabase } from '@rollgate/testing';
import { signToken } from '../src/auth/tokens.js';
import { SECRET } from './start-platform.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const CALLS = 10_000;
const ACCOUNTS = 200;

jest.setTimeout(300_000);

let database: TestDatabase;
let tokens: string[];
beforeAll(async () => {
  database = await createTestDatabase();
  const signed = Array.from({ length: ACCOUNTS }, (_, i) =>
    signToken({ secret: SECRET, account: `co-${i}`, expiresInSeconds: 3_600 }),
  );
  tokens = await Promise.all(signed);
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
          ROLLGATE_JWT_SECRET: SECRET,
          ROLLGATE_JWT_SECRET_FILE: undefined,
          PLATFORM_PORT: String(port),
          ROLLGATE_DRAIN_MS: '1000',
        },
      }),
    call: (n) => ({
      method: 'GET',
      path: '/api/public/bots',
      headers: { authorization: `Bearer ${tokens[n % ACCOUNTS]}` },
    }),
  });
  expect(failures).toEqual([]);
  // A denial also counts as an answer, because each account has only 60 calls per minute.
  const { 200: allowed = 0, 429: denied = 0, ...lost } = outcomes;
  expect(lost).toEqual({});
  expect(allowed).toBeGreaterThan(1_000);
  expect(allowed + denied).toBeGreaterThanOrEqual(CALLS);
  expect(exits).toEqual([
    { code: 0, signal: null },
    { code: 0, signal: null },
  ]);
  for (const calls of sent) expect(calls).toBeGreaterThan(100);
});
