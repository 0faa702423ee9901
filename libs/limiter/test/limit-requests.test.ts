import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sampleCatalogue } from '@rollgate/contract/sample';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { createPostgresLimiter } from '../src/index.js';
import { LimitRequests } from '../src/requests/limit-requests.js';

let database: TestDatabase;
let requests: LimitRequests;
beforeAll(async () => {
  database = await createTestDatabase();
  // Starting the limiter registers the catalogue, which a limit request refers to.
  const limiter = createPostgresLimiter({ catalogue: sampleCatalogue, databaseUrl: database.url, janitor: false });
  await limiter.start();
  await limiter.close();
  requests = new LimitRequests({ pool: database.pool, catalogue: sampleCatalogue });
});
afterAll(() => database?.drop());

const wish = { account: 'acme', api: 'publish-bot', perMinute: 100, reason: 'We launch on Monday.' };
const filed = async () =>
  (await database.pool.query<{ n: number }>('SELECT count(*)::int AS n FROM rollgate.limit_request')).rows[0]?.n;

test("a limit request that can't be read back is not filed, so repeating it creates no duplicate", async () => {
  await database.pool.query('ALTER FUNCTION rollgate.requests_of RENAME TO requests_of_away');
  await expect(requests.file(wish)).rejects.toMatchObject({ code: '42883' });
  expect(await filed()).toBe(0);
  await database.pool.query('ALTER FUNCTION rollgate.requests_of_away RENAME TO requests_of');
  expect(await requests.file(wish)).toMatchObject({ account: 'acme', state: 'open', perMinute: 100 });
  expect(await filed()).toBe(1);
});
