/** Only if the database is completely unresponsive are waiting operations ended; a busy database is waited for. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, TcpProxy, type TestDatabase } from '@rollgate/testing';
import pg from 'pg';
import { DatabaseSilentError, isDatabaseAway, SILENT_CALLS_END_WITHIN_MS, SilenceWatch } from '../src/index.js';

const MARGIN_MS = 2_500;

let database: TestDatabase;
let proxy: TcpProxy;
let pool: pg.Pool;
let watch: SilenceWatch;

beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
  proxy = await TcpProxy.start(database.url);
  const databaseUrl = proxy.through(database.url);
  watch = new SilenceWatch({ databaseUrl, Client: pg.Client });
  pool = new pg.Pool({ connectionString: databaseUrl, Client: watch.Client, max: 2 });
  pool.on('error', () => undefined);
});
afterEach(async () => {
  await pool.end();
  await proxy.close();
  await database.drop();
});

/** Uses its own connection, like a program with transactions. */
async function run(text: string): Promise<unknown[]> {
  const client = await pool.connect();
  let isLost = false;
  try {
    return (await client.query(text)).rows;
  } catch (error) {
    isLost = isDatabaseAway(error);
    throw error;
  } finally {
    client.release(isLost);
  }
}

const outcome = async (work: Promise<unknown>) => {
  const startedAt = performance.now();
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, ms: performance.now() - startedAt };
};

test('a long statement on a healthy database is not ended', async () => {
  expect(await run('SELECT 1 AS one, pg_sleep(3.5)')).toMatchObject([{ one: 1 }]);
});

test('statements, connection attempts and other work on an unresponsive database end in time', async () => {
  await run('SELECT 1');
  proxy.set({ kind: 'black-hole' });
  let end = (): void => undefined;
  const own = new Promise<never>((_, reject) => {
    end = watch.begin(reject);
  }).finally(() => end());
  const outcomes = await Promise.all([outcome(run('SELECT 1')), outcome(run('SELECT 2')), outcome(own)]);
  for (const { error, ms } of outcomes) {
    expect(error).toBeInstanceOf(Error);
    expect(isDatabaseAway(error)).toBe(true);
    expect(ms).toBeLessThan(SILENT_CALLS_END_WITHIN_MS + MARGIN_MS);
  }
  expect(outcomes[2]?.error).toBeInstanceOf(DatabaseSilentError);
  proxy.set({ kind: 'pass' });
  expect(await run('SELECT 3 AS three')).toEqual([{ three: 3 }]);
});

test('losing a connection in use fails its statement and does not end the process', async () => {
  const { error } = await outcome(
    Promise.all([
      run('SELECT pg_sleep(30)'),
      new Promise((resolve) => setTimeout(resolve, 300)).then(() => proxy.set({ kind: 'reset' })),
    ]),
  );
  expect(isDatabaseAway(error)).toBe(true);
  proxy.set({ kind: 'pass' });
  expect(await run('SELECT 1 AS one')).toEqual([{ one: 1 }]);
});
