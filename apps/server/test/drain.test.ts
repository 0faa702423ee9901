/** On SIGTERM the service answers the calls it has accepted, records its denials, and ends within 10 s. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import {
  createTestDatabase,
  type NodeProcess,
  spawnNode,
  type TestDatabase,
  untilSessionWaits,
} from '@rollgate/testing';
import { registerSample } from './start-service.js';

const script = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const READY = /Rollgate service ready/;

jest.setTimeout(120_000);

let database: TestDatabase;
const started: NodeProcess[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  await registerSample(database.url);
});
afterAll(async () => {
  await Promise.all(started.map((program) => program.stop()));
  await database?.drop();
});

async function makeToken(): Promise<string> {
  const args = ['token', 'create', 'drain', '--permissions', 'decisions.write'];
  const program = await spawnNode({ script: cli, args, env: { DATABASE_URL: database.url } });
  await program.exited;
  return String(/rgt_[\w-]{43}/.exec(program.stdout() + program.stderr())?.[0]);
}

test('on SIGTERM, decisions in flight are answered and the last denials are recorded', async () => {
  const token = await makeToken();
  const program = await spawnNode({
    script,
    env: { DATABASE_URL: database.url, ROLLGATE_PORT: '0', ROLLGATE_DRAIN_MS: '0' },
    readyLine: READY,
    timeoutMs: 60_000,
  });
  started.push(program);
  const { url } = JSON.parse(await program.waitForLine(READY)) as { url: string };
  const decide = async () => {
    const response = await fetch(`${url}/api/decisions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ account: 'drain-co', api: 'publish-bot', dimensions: { bot: 'b' } }),
    });
    return ((await response.json()) as { allowed?: boolean }).allowed;
  };
  const first = await Promise.all(Array.from({ length: 62 }, decide));
  // More than 2 if the machine is so busy that the instance decides without the database for a while.
  expect(first.filter((allowed) => allowed === false).length).toBeGreaterThanOrEqual(2);
  // From here on calls wait in the database.
  const holder = await database.pool.connect();
  await holder.query('BEGIN; LOCK TABLE rollgate.service_token IN ACCESS EXCLUSIVE MODE');
  const inFlight = [decide(), decide(), decide()];
  await untilSessionWaits(database.pool);
  const toldAt = Date.now();
  program.kill('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 300));
  await holder.query('COMMIT');
  holder.release();
  const last = await Promise.all(inFlight);
  expect(last.map((allowed) => typeof allowed)).toEqual(['boolean', 'boolean', 'boolean']);
  expect(await program.exited).toEqual({ code: 0, signal: null });
  expect(Date.now() - toldAt).toBeLessThan(10_000);
  const { rows } = await database.pool.query(
    `SELECT sum(count)::int AS denied FROM rollgate.limit_event WHERE account = 'drain-co' AND kind = 'denied'`,
  );
  expect(rows).toEqual([{ denied: [...first, ...last].filter((allowed) => allowed === false).length }]);
});
