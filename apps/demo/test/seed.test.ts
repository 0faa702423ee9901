/** A generated month: the same for the same seed, with a valid history and correct decisions. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, spawnNode, type TestDatabase } from '@rollgate/testing';

const script = fileURLToPath(new URL('../dist/seed.js', import.meta.url));
const OPTIONS = ['--days', '2', '--until', '2026-03-10T15:20:30Z'];

let first: TestDatabase;
let second: TestDatabase;
let other: TestDatabase;
let otherOutput: string;
beforeAll(async () => {
  [first, second, other] = await Promise.all([createTestDatabase(), createTestDatabase(), createTestDatabase()]);
  [, , otherOutput] = await Promise.all([seed(first), seed(second), seed(other, '--seed', '7')]);
}, 120_000);
afterAll(() => Promise.all([first, second, other].map((database) => database?.drop())));

/** Returns what the program printed. */
async function seed(database: TestDatabase, ...more: string[]): Promise<string> {
  const run = await runSeed(database.url, ...OPTIONS, ...more);
  expect(run).toMatchObject({ code: 0, stderr: '' });
  return run.stdout;
}

async function runSeed(databaseUrl: string | undefined, ...args: string[]) {
  const program = await spawnNode({ script, args, env: { DATABASE_URL: databaseUrl, DATABASE_URL_FILE: undefined } });
  const { code } = await program.exited;
  return { code, stdout: program.stdout(), stderr: program.stderr() };
}

const rows = async (database: TestDatabase, sql: string) => (await database.pool.query(sql)).rows;
/** All rows of a table as one text. */
const digest = async (database: TestDatabase, table: string, columns = 't.*') =>
  (
    await rows(
      database,
      `SELECT count(*)::int AS rows, md5(string_agg(x::text, E'\\n' ORDER BY x::text COLLATE "C")) AS digest
     FROM (SELECT ${columns} FROM rollgate.${table} t) x`,
    )
  )[0];

const TABLES = [
  'history',
  'ledger',
  'catalogue',
  'override',
  'override_use',
  'plan',
  'plan_limit',
  'plan_assignment',
  'limit_request',
  'limit_event',
  'counter',
  'bucket',
];

test('the same seed gives the same rows, and another seed gives different rows', async () => {
  for (const table of TABLES) {
    const found = await digest(first, table);
    expect(found.rows).toBeGreaterThan(0);
    expect([table, await digest(second, table)]).toEqual([table, found]);
  }
  const people = 't.login, t.role, t.created_at';
  expect(await digest(second, 'staff', people)).toEqual(await digest(first, 'staff', people));
  expect(await digest(other, 'limit_event')).not.toEqual(await digest(first, 'limit_event'));
});

test('the history is one unbroken chain in order of time, and the ledger is at its end', async () => {
  expect(await rows(first, 'SELECT ok FROM rollgate_audit.verify_history()')).toEqual([{ ok: true }]);
  expect(
    await rows(
      first,
      'SELECT FROM (SELECT at, lag(at) OVER (ORDER BY id) AS before FROM rollgate.history) h WHERE at < before',
    ),
  ).toEqual([]);
  expect(
    await rows(
      first,
      `SELECT (SELECT count(*) FROM rollgate.history WHERE kind IN ('override', 'plan', 'assignment') OR kind = 'catalogue' AND action <> 'add')::int + 1
                = l.policy_version AS ok FROM rollgate.ledger l`,
    ),
  ).toEqual([{ ok: true }]);
});

test('the state at the end of the history matches the tables', async () => {
  expect(
    await rows(
      first,
      `SELECT o.id FROM rollgate.override o
       WHERE rollgate.override_facts(o) IS DISTINCT FROM
             (SELECT h.after - 'lowered' FROM rollgate.history h WHERE h.kind = 'override' AND h.target = o.id ORDER BY h.id DESC LIMIT 1)
       UNION ALL
       SELECT r.id FROM rollgate.limit_request r
       WHERE rollgate.request_facts(r) IS DISTINCT FROM
             (SELECT h.after FROM rollgate.history h WHERE h.kind = 'request' AND h.target = r.id ORDER BY h.id DESC LIMIT 1)`,
    ),
  ).toEqual([]);
});

test('no decision was wrong, and each denial has the limit that the history gives for its time', async () => {
  expect(await rows(first, 'SELECT * FROM rollgate_audit.recheck_decisions_v1')).toEqual([]);
  const [counted] = await rows(
    first,
    `SELECT count(*)::int AS events, count(*) FILTER (WHERE l.source = e.source AND l.per_minute = e.per_minute AND l.per_hour = e.per_hour)::int AS same
     FROM (SELECT * FROM rollgate.limit_event ORDER BY id LIMIT 400) e
     CROSS JOIN LATERAL rollgate.limit_as_of(e.account, e.api, e.subject, e.first_at) l`,
  );
  expect(counted.same).toBeGreaterThan(counted.events * 0.97);
});

test('every kind of data is present', async () => {
  const has = async (sql: string) => expect([sql, (await rows(first, sql)).length > 0]).toEqual([sql, true]);
  for (const mode of ['enforced', 'shadow', 'fallback_allowed', 'fallback_denied'])
    await has(`SELECT FROM rollgate.limit_event WHERE mode = '${mode}' LIMIT 1`);
  for (const state of ['open', 'approved', 'declined'])
    await has(`SELECT FROM rollgate.limit_request WHERE state = '${state}' LIMIT 1`);
  for (const action of ['create', 'change', 'expire', 'restore', 'undo'])
    await has(`SELECT FROM rollgate.history WHERE kind = 'override' AND action = '${action}' LIMIT 1`);
  for (const scope of ['account', 'group', 'api'])
    await has(`SELECT FROM rollgate.override WHERE scope = '${scope}' LIMIT 1`);
  for (const role of ['admin', 'support', 'viewer', 'auditor'])
    await has(`SELECT FROM rollgate.staff WHERE role = '${role}'`);
  for (const plan of ['free', 'pro', 'enterprise'])
    await has(`SELECT FROM rollgate.plan_assignment WHERE plan = '${plan}'`);
  await has(`SELECT FROM rollgate.limit_event WHERE source = 'plan:free' LIMIT 1`);
  await has('SELECT FROM rollgate.override_use WHERE needed_at IS NULL');
  await has(`SELECT FROM rollgate.limit_request r JOIN rollgate.limit_event e ON r.denial_id = e.id || '.1'`);
  const now = `rollgate_audit.usage_at('2026-03-10T15:20:30Z')`;
  await has(`SELECT FROM ${now} WHERE hour_used >= hour_limit * 0.97`);
  await has(`SELECT FROM ${now} WHERE source <> 'default'`);
  await has(`SELECT FROM ${now} WHERE mode = 'shadow'`);
  await has(`SELECT FROM rollgate.limit_event WHERE first_at > '2026-03-10T15:19:00Z' AND mode = 'enforced'`);
});

test('only an empty database is filled', async () => {
  expect(await runSeed(first.url, ...OPTIONS)).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^rollgate: the database at \S+ already has overrides, limit requests, limit events, staff of a demo: only an empty database can be filled\n$/,
    ),
  });
});

test('wrong arguments show the usage', async () => {
  expect(await runSeed(first.url, '--days', '0')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/from 1 to 60/),
  });
  expect(await runSeed(first.url, '--help')).toMatchObject({ code: 0, stdout: expect.stringMatching(/--days/) });
  expect(await runSeed(undefined)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^rollgate: DATABASE_URL is missing/),
  });
});

test('the staff of the demo sign in to the service with the printed password', async () => {
  const [, login, role] = /^Staff: (\S+) \((\w+)\)/m.exec(otherOutput) ?? [];
  const password = /with the password (\S+) \(shown this once\)/.exec(otherOutput)?.[1];
  const service = await spawnNode({
    script: fileURLToPath(new URL('../../server/dist/main.js', import.meta.url)),
    env: { DATABASE_URL: other.url, DATABASE_URL_FILE: undefined, ROLLGATE_PORT: '0', ROLLGATE_DRAIN_MS: '0' },
    readyLine: /Rollgate service ready/,
  });
  try {
    const { url } = JSON.parse(await service.waitForLine(/Rollgate service ready/)) as { url: string };
    const signIn = (given: string | undefined) =>
      fetch(`${url}/admin/api/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', 'x-rollgate-request': '1' },
        body: JSON.stringify({ login, password: given }),
      });
    const answer = await signIn(password);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ signedIn: true, staff: { login, role } });
    expect((await signIn(`${password}x`)).status).toBe(401);
  } finally {
    await service.stop();
  }
}, 60_000);
