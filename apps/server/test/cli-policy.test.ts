/** Limits by the command line, for whoever has no browser at hand. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPostgresLimiter, type Limiter } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { calls } from './admin-traffic.js';
import { type Run, rollgateHere } from './run-rollgate.js';

let database: TestDatabase;
let limiter: Limiter;
beforeAll(async () => {
  database = await createTestDatabase();
  limiter = createPostgresLimiter({ databaseUrl: database.url, janitor: false, budgetMs: 20_000 });
  await limiter.refreshPolicy();
});
afterAll(async () => {
  await limiter?.close();
  await database?.drop();
});

const text = (...args: string[]): Promise<Run> => rollgateHere(args, database.url);

async function json(...args: string[]): Promise<{ code: number | null; body: Record<string, never>; stderr: string }> {
  const { code, stdout, stderr } = await text(...args, '--json');
  return { code, body: stdout === '' ? {} : JSON.parse(stdout), stderr };
}

test('an override is set, listed, seen in force, and expired', async () => {
  await calls(limiter, 3);
  const set = await json(
    'override',
    'set',
    'acme',
    '--api',
    'publish-bot',
    '--subject',
    'bot=b-1',
    '--per-minute',
    '600',
    '--expires',
    '2h',
    '--reason',
    'launch',
    '--ticket',
    'T-1',
  );
  expect(set).toMatchObject({
    code: 0,
    body: {
      override: {
        scope: 'subject',
        perMinute: 600,
        perHour: null,
        ticket: 'T-1',
        createdBy: expect.stringMatching(/^cli:/),
      },
    },
  });
  const { id } = (set.body as Record<string, { id: string }>)['override'] as { id: string };
  expect((await text('override', 'list', '--account', 'acme')).stdout).toMatch(
    new RegExp(`^${id} +acme {2}publish-bot bot=b-1 {2}600 a minute, default an hour {2}inForce`),
  );
  const shown = await text('account', 'show', 'acme');
  expect(shown.stdout).toMatch(/^acme: 1 overrides in force, 0 open requests/);
  expect(shown.stdout).toMatch(new RegExp(`publish-bot bot=b-1 +3/600 a minute, 3/1800 an hour {2}${id}`));
  expect(await json('override', 'expire', id, '--reason', 'over')).toMatchObject({
    code: 0,
    body: { override: { state: 'expired' } },
  });
  expect(await text('override', 'expire', id, '--reason', 'over')).toMatchObject({
    code: 1,
    stderr: 'rollgate: The override has expired already.\n',
  });
  expect((await text('override', 'list', '--account', 'acme')).stdout).toBe('None.\n');
}, 90_000);

test('a request is listed with its proof, approved or declined', async () => {
  const ask = (account: string) =>
    database.pool.query(`SELECT id FROM rollgate.ask_limit($1, ROW($2, 'customer', NULL, NULL)::rollgate.author)`, [
      JSON.stringify({ account, api: 'publish-bot', per_minute: 90, reason: 'more' }),
      `account:${account}`,
    ]);
  const first = (await ask('one-co')).rows[0].id;
  const second = (await ask('two-co')).rows[0].id;
  expect((await text('request', 'list')).stdout).toMatch(/^req_\d+ +one-co.*\(peak 0 a minute.*\)\nreq_\d+ +two-co/);
  expect(await json('request', 'approve', first, '--expires', '1d', '--answer', 'fine')).toMatchObject({
    code: 0,
    body: { request: { state: 'approved', answer: 'fine' } },
  });
  expect(await json('request', 'decline', second, '--answer', 'no')).toMatchObject({
    code: 0,
    body: { request: { state: 'declined' } },
  });
  expect(await text('request', 'decline', second, '--answer', 'no')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^rollgate: The request was declined by cli:/),
  });
}, 90_000);

test('audit verify proves the chain, and names the row that was touched', async () => {
  expect(await json('audit', 'verify')).toMatchObject({ code: 0, body: { ok: true, broken: null } });
  await database.pool.query('ALTER TABLE rollgate.history DISABLE TRIGGER USER');
  await database.pool.query(`UPDATE rollgate.history SET actor = 'staff:nobody' WHERE id = 3`);
  await database.pool.query('ALTER TABLE rollgate.history ENABLE TRIGGER USER');
  const broken = await text('audit', 'verify');
  expect([broken.code, broken.stdout]).toEqual([
    1,
    'WRONG  row 3 of rollgate.history: it was changed after it was written\n',
  ]);
}, 90_000);

test('doctor looks at roles and nodes', async () => {
  const { body } = await json('doctor');
  const checks = (body as unknown as { checks: { name: string; status: string; detail: string }[] }).checks;
  expect(checks.find(({ name }) => name === 'roles')).toMatchObject({ status: 'ok' });
  expect(checks.find(({ name }) => name === 'nodes')).toMatchObject({
    status: 'ok',
    detail: expect.stringMatching(/^1 with the newest limits/),
  });
}, 90_000);

test.each([
  [['override', 'set', 'acme', '--per-minute', 'many', '--reason', 'x'], 2, /Say a whole number/],
  [['override', 'set', 'acme', '--per-minute', '5'], 2, /--reason/],
  [['override', 'set', 'acme', '--reason', 'x'], 1, /perMinute, perHour or mode is needed/],
  [['override', 'set', 'acme', '--api', 'no-such', '--per-minute', '5', '--reason', 'x'], 1, /There is no API/],
  [['override', 'set', 'acme', '--per-minute', '5', '--expires', 'soon', '--reason', 'x'], 2, /Say 24h/],
  [['override', 'expire', 'ovr_0', '--reason', 'x'], 1, /There is no override/],
  [['request', 'approve', 'req_0'], 1, /There is no request/],
])(
  '%j → exit %i, one line',
  async (args, code, message) => {
    const run = await text(...(args as string[]));
    expect([run.code, run.stdout, run.stderr.trim().split('\n').length]).toEqual([code, '', 1]);
    expect(run.stderr).toMatch(message as RegExp);
  },
  30_000,
);
