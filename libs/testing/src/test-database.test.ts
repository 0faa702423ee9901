import { afterAll, expect, test } from '@jest/globals';
import { migrate, pendingMigrations } from '@rollgate/migrations';
import { createTestDatabase } from './test-database.js';

const open: Array<{ drop(): Promise<void> }> = [];
afterAll(() => Promise.all(open.map((database) => database.drop())));

async function database(options: { migrated?: boolean } = {}) {
  const made = await createTestDatabase(options);
  open.push(made);
  return made;
}

test('a test database has every migration applied', async () => {
  const { url } = await database();
  expect(await pendingMigrations({ databaseUrl: url })).toEqual([]);
});

test('two test databases do not see each other', async () => {
  const [one, two] = await Promise.all([database(), database()]);
  await one.pool.query('CREATE TABLE public.mine (id int)');
  await expect(two.pool.query('SELECT * FROM public.mine')).rejects.toThrow(/mine/);
});

test('two programs that migrate at the same time apply each migration once', async () => {
  const { url } = await database({ migrated: false });
  const pending = await pendingMigrations({ databaseUrl: url });
  const applied = await Promise.all([migrate({ databaseUrl: url }), migrate({ databaseUrl: url })]);
  expect(applied.flat()).toEqual(pending);
  expect(await pendingMigrations({ databaseUrl: url })).toEqual([]);
});

test('a database that refuses connections is reported in one line without the password', async () => {
  await expect(migrate({ databaseUrl: 'postgres://me:secret@127.0.0.1:1/db' })).rejects.toThrow(
    /^cannot reach the database at 127\.0\.0\.1:1\/db: connection refused$/,
  );
});
