/** The platform's program writes its denials to the database when it is stopped, and never prints a secret. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { createTestDatabase, freePort, type NodeProcess, spawnNode, type TestDatabase } from '@rollgate/testing';
import { signToken } from '../src/auth/tokens.js';
import { SECRET } from './start-platform.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const PASSWORD = 'pg-Passw0rd/of+ours';

jest.setTimeout(120_000);

let database: TestDatabase;
const started: NodeProcess[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await Promise.all(started.map((program) => program.stop()));
  await database.drop();
});

async function run(databaseUrl: string, readyLine?: RegExp): Promise<NodeProcess> {
  const env = {
    DATABASE_URL: databaseUrl,
    ROLLGATE_JWT_SECRET: SECRET,
    ROLLGATE_JWT_SECRET_FILE: undefined,
    PLATFORM_PORT: '0',
    ROLLGATE_DRAIN_MS: '0',
  };
  const program = await spawnNode({ script: MAIN, env, timeoutMs: 60_000, ...(readyLine && { readyLine }) });
  started.push(program);
  return program;
}

function expectNone(program: NodeProcess, secrets: readonly string[]): void {
  const printed = program.stdout() + program.stderr();
  expect(printed).not.toBe('');
  for (const secret of [SECRET, ...secrets]) expect(printed).not.toContain(secret);
}

test('SIGTERM: the last denials are recorded, and no token was printed', async () => {
  const program = await run(database.url, /ready/);
  const url = String(/http:\S+/.exec(program.stdout())?.[0]);
  const token = await signToken({ secret: SECRET, account: 'drain-co', expiresInSeconds: 60 });
  const call = async () => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${url}/api/public/bots/b/publish`, { method: 'POST', headers })).status;
  };
  await call();
  const statuses = await Promise.all(Array.from({ length: 64 }, call));
  const toldAt = Date.now();
  program.kill('SIGTERM');
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(Date.now() - toldAt).toBeLessThan(10_000);
  const denied = statuses.filter((status) => status === 429).length;
  // More than 5 if the machine is so busy that an instance decides without the database for a while.
  expect(denied).toBeGreaterThanOrEqual(5);
  const { rows } = await database.pool.query(
    `SELECT sum(count)::int AS denied FROM rollgate.limit_event WHERE account = 'drain-co' AND kind = 'denied'`,
  );
  expect(rows).toEqual([{ denied }]);
  expectNone(program, [token, new URL(database.url).password]);
});

test('a connection error is reported without the password', async () => {
  const port = await freePort();
  const wrong = new URL(database.url);
  wrong.password = encodeURIComponent(PASSWORD);
  const urls = [
    wrong.href,
    `postgres://me:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/db`,
    `postgres://me:${PASSWORD}%@[::/db`,
    `mysql://me:${encodeURIComponent(PASSWORD)}@127.0.0.1/db`,
  ];
  const programs = await Promise.all(urls.map((url) => run(url)));
  for (const program of programs) {
    expect((await program.exited).code).toBe(1);
    expectNone(program, [PASSWORD, encodeURIComponent(PASSWORD)]);
    expect(program.stderr().trim().split('\n')).toHaveLength(1);
  }
});
