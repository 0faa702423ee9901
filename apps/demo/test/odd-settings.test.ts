/** The demo in a database with settings that change how values are written and read. */
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { createTestDatabase, oddDatabaseSettings, spawnNode } from '@rollgate/testing';

test('an empty database with such settings is migrated and filled', async () => {
  const empty = await createTestDatabase({ migrated: false });
  try {
    await oddDatabaseSettings(empty.url);
    const script = fileURLToPath(new URL('../dist/seed.js', import.meta.url));
    const env = { DATABASE_URL: empty.url, DATABASE_URL_FILE: undefined };
    const seed = await spawnNode({ script, args: ['--days', '1', '--until', '2026-03-10T15:20:30Z'], env });
    expect([(await seed.exited).code, seed.stderr()]).toEqual([0, '']);
    const { rows } = await empty.pool.query('SELECT ok FROM rollgate_audit.verify_history()');
    expect(rows).toEqual([{ ok: true }]);
  } finally {
    await empty.drop();
  }
}, 120_000);
