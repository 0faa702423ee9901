/** The database's password changes while the platform runs. Its file is read again for each new connection. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type NodeProcess, spawnNode, type TestDatabase, until } from '@rollgate/testing';
import { signToken } from '../src/auth/tokens.js';
import { SECRET } from './start-platform.js';

const script = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const login = `platform_${randomBytes(4).toString('hex')}`;

let database: TestDatabase;
let folder: string;
let platform: NodeProcess | undefined;

beforeEach(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'rollgate-rotated-'));
  await database.pool.query(
    `CREATE ROLE ${login} LOGIN PASSWORD 'first' IN ROLE rollgate_runtime; CREATE SCHEMA platform AUTHORIZATION ${login}`,
  );
});

afterEach(async () => {
  await platform?.stop();
  await database.drop();
  const other = await createTestDatabase({ migrated: false });
  await other.pool.query(`DROP ROLE ${login}`);
  await other.drop();
  await rm(folder, { recursive: true });
});

test('every connection of the platform uses the new password', async () => {
  const file = join(folder, 'database-password');
  await writeFile(file, 'first\n');
  const env = {
    DATABASE_URL: Object.assign(new URL(database.url), { username: login, password: '' }).href,
    DATABASE_PASSWORD: undefined,
    DATABASE_PASSWORD_FILE: file,
    ROLLGATE_JWT_SECRET: SECRET,
    PLATFORM_PORT: '0',
    ROLLGATE_DRAIN_MS: '0',
  };
  platform = await spawnNode({ script, env, readyLine: /ready/ });
  const url = /http:\S+/.exec(platform.stdout())?.[0];
  const authorization = `Bearer ${await signToken({ secret: SECRET, account: 'acme', expiresInSeconds: 600 })}`;
  // The platform looks up the owner of the bot, and the limiter decides the call in the database.
  const publish = async () => {
    const answer = await fetch(`${url}/api/public/bots/my-bot/publish`, { method: 'POST', headers: { authorization } });
    await answer.arrayBuffer();
    return answer.status;
  };
  expect(await publish()).toBe(202);

  await database.pool.query(`ALTER ROLE ${login} PASSWORD 'second'`);
  await writeFile(file, 'second\n');
  await database.pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${login}'`);
  await until(async () => (await publish()) === 202, { what: 'a call is answered again' });
  const connected = `SELECT DISTINCT application_name AS name FROM pg_stat_activity WHERE usename = '${login}'`;
  const names = async () => (await database.pool.query<{ name: string }>(connected)).rows.map(({ name }) => name);
  // The platform's own pool sets no name.
  await until(async () => (await names()).includes('') && (await names()).includes('rollgate'), {
    what: 'the platform and its limiter are connected again',
    details: names,
  });
}, 90_000);
