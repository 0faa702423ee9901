/** The platform in a database whose settings change how values are written, and behind a connection pooler. */
import { afterEach, expect, test } from '@jest/globals';
import {
  createTestDatabase,
  findPgBouncer,
  ODD_SETTINGS,
  oddDatabaseSettings,
  startPgBouncer,
} from '@rollgate/testing';
import { signToken } from '../src/auth/tokens.js';
import { createPlatform, type Platform } from '../src/platform.js';
import { SECRET } from './start-platform.js';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function databaseWith(settings: Readonly<Record<string, string>>): Promise<string> {
  const database = await createTestDatabase();
  open.push(() => database.drop());
  await oddDatabaseSettings(database.url, settings);
  return database.url;
}

async function start(options: { databaseUrl: string; pooled?: boolean }): Promise<Platform> {
  const platform = await createPlatform({ jwtSecret: SECRET, budgetMs: 20_000, ...options });
  open.push(() => platform.close());
  return platform;
}

/** Publishes, and reads the change log, which has times of the database. */
async function publishAndRead({ url }: Platform): Promise<void> {
  const authorization = `Bearer ${await signToken({ secret: SECRET, account: 'acme', expiresInSeconds: 60 })}`;
  const call = (method: string, path: string) =>
    fetch(`${url}/api/public${path}`, { method, headers: { authorization } });
  const published = await call('POST', '/bots/b-1/publish');
  expect([published.status, published.headers.get('ratelimit')]).toEqual([202, expect.stringContaining('minute')]);
}

test('every setting of the database is replaced', async () => {
  await publishAndRead(await start({ databaseUrl: await databaseWith(ODD_SETTINGS) }));
});

const throughPgBouncer = findPgBouncer() === undefined ? test.skip : test;

throughPgBouncer('through PgBouncer it works as pooled, and does not start otherwise', async () => {
  const { default_transaction_isolation: _isolation, array_nulls: _nulls, ...replaced } = ODD_SETTINGS;
  const url = await databaseWith(replaced);
  const bouncer = await startPgBouncer({ url });
  open.push(() => bouncer.stop());
  const databaseUrl = bouncer.through(url);
  await expect(createPlatform({ databaseUrl, jwtSecret: SECRET })).rejects.toThrow(/set ROLLGATE_POOLED=true/);
  await publishAndRead(await start({ databaseUrl, pooled: true }));
});
