/** Changing limits on the command line, for people without a browser. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Limiter } from '@rollgate/limiter';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { calls, openSampleLimiter } from './admin-traffic.js';
import { type Run, rollgateHere } from './run-rollgate.js';

let database: TestDatabase;
let limiter: Limiter;
beforeAll(async () => {
  database = await createTestDatabase();
  limiter = await openSampleLimiter(database);
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

test('an override is set, listed, shown as the effective limit, and expired', async () => {
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
  const { rows } = await database.pool.query('SELECT actor, action, account, routes, times FROM rollgate.access_log');
  const viewed = { action: 'view_account', account: 'acme', routes: ['rollgate account show'], times: 1 };
  expect(rows).toEqual([{ ...viewed, actor: expect.stringMatching(/^cli:./) }]);
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

test('a limit request is listed with its usage, and approved or declined', async () => {
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
    stderr: expect.stringMatching(/^rollgate: The limit request was already declined by cli:/),
  });
}, 90_000);

test('a change that lowers limits is refused with a list, works with --allow-lowering, and warns about an unknown account', async () => {
  await calls(limiter, 1, { account: 'casey' });
  const set = (account: string, ...more: string[]) => text('override', 'set', account, '--reason', 'x', ...more);
  const raised = await set('casey', '--factor', '5');
  expect(raised).toMatchObject({ code: 0, stderr: '' });
  expect(raised.stdout).toMatch(/casey {2}all APIs {2}5 times the default {2}inForce/);
  const lower = ['--api', 'publish-bot', '--per-minute', '100', '--per-hour', 'default'];
  const refused = await set('casey', ...lower);
  expect([refused.code, refused.stderr.split('\n')]).toEqual([
    1,
    [
      'rollgate: this lowers limits that are in force:',
      'rollgate:   publish-bot falls from 300 to 100 in any 60 s',
      'rollgate:   publish-bot falls from 9,000 to 1,800 in any hour',
      'rollgate: add --allow-lowering to do it all the same',
      '',
    ],
  ]);
  const done = await set('casey', ...lower, '--allow-lowering');
  expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining('publish-bot falls from 300 to 100') });
  const permanent = await set('casey', '--factor', '6', '--expires', 'never');
  expect(permanent).toMatchObject({ code: 0, stdout: expect.stringContaining('permanent') });
  const typo = await set('Casey', '--factor', '2');
  expect(typo).toMatchObject({
    code: 0,
    stderr: 'rollgate: warning: No traffic of the account "Casey" is on record. Did you mean "casey"?\n',
  });
}, 90_000);

test('extra units are granted until a time of day, and listed as what they add', async () => {
  await calls(limiter, 1, { account: 'extra' });
  const at = new Date(Date.now() + 7_200_000).toISOString();
  const granted = await text(
    ...['override', 'set', 'extra', '--api', 'publish-bot', '--extra-minute', '50', '--extra-hour', '500'],
    ...['--expires', `${at.slice(11, 16)}Z`, '--reason', 'incident'],
  );
  const line = `extra  publish-bot  +50 per minute, +500 per hour  inForce  until ${at.slice(0, 16)}:00.000Z  incident\n`;
  expect(granted).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining(line) });
  expect((await text('override', 'list', '--account', 'extra')).stdout).toContain(line);
  expect((await text('account', 'show', 'extra')).stdout).toMatch(/\/110 a minute, \d\/2300 an hour {2}ovr_/);
}, 90_000);

test('a limit request whose requested end has passed is listed as past due', async () => {
  const spec = {
    account: 'late-co',
    api: 'publish-bot',
    per_minute: 90,
    reason: 'x',
    until: new Date(Date.now() + 500),
  };
  await database.pool.query(
    `SELECT FROM rollgate.ask_limit($1, ROW('account:late-co', 'customer', NULL, NULL)::rollgate.author)`,
    [JSON.stringify(spec)],
  );
  await new Promise((resolve) => setTimeout(resolve, 600));
  const { stdout } = await text('request', 'list', '--account', 'late-co');
  expect(stdout).toMatch(/open {2}past due: wanted until 20\d\d-/);
}, 30_000);

test('audit verify confirms an intact chain and names a modified row', async () => {
  expect(await json('audit', 'verify')).toMatchObject({ code: 0, body: { ok: true, broken: null } });
  await database.pool.query('ALTER TABLE rollgate.history DISABLE TRIGGER USER');
  await database.pool.query(`UPDATE rollgate.history SET actor = 'staff:intruder' WHERE id = 3`);
  await database.pool.query('ALTER TABLE rollgate.history ENABLE TRIGGER USER');
  const broken = await text('audit', 'verify');
  expect([broken.code, broken.stdout]).toEqual([
    1,
    'WRONG  row 3 of rollgate.history: it was changed after it was written\n',
  ]);
}, 90_000);

test('doctor checks roles and instances', async () => {
  const { body } = await json('doctor');
  const checks = (body as unknown as { checks: { name: string; status: string; detail: string }[] }).checks;
  expect(checks.find(({ name }) => name === 'roles')).toMatchObject({ status: 'ok' });
  expect(checks.find(({ name }) => name === 'instances')).toMatchObject({
    status: 'ok',
    // An instance that was closed during its start is listed for up to a minute.
    detail: expect.stringMatching(/^\d+ with the newest limits/),
  });
}, 90_000);

test.each([
  [['override', 'set', 'acme', '--per-minute', 'many', '--reason', 'x'], 2, /whole number of units/],
  [['override', 'set', 'acme', '--per-minute', '5'], 2, /--reason/],
  [
    ['override', 'set', 'acme', '--reason', 'x'],
    1,
    /perMinute, perHour, factor, extraMinute, extraHour or mode is needed/,
  ],
  [['override', 'set', 'acme', '--api', 'no-such', '--per-minute', '5', '--reason', 'x'], 1, /There is no API/],
  [['override', 'set', 'acme', '--per-minute', '5', '--expires', 'soon', '--reason', 'x'], 2, /Say 24h/],
  [['override', 'set', 'acme', '--per-minute', '500', '--expires', 'Dec 1', '--reason', 'x'], 2, /Say 24h/],
  [['override', 'set', 'acme', '--per-minute', '500', '--expires', '2027-02-30', '--reason', 'x'], 2, /Say 24h/],
  [['override', 'set', 'acme', '--factor', '0', '--reason', 'x'], 2, /Say a number above 0/],
  [
    ['override', 'set', 'acme', '--factor', '2', '--per-minute', '9', '--reason', 'x'],
    1,
    /limits, a factor or extra units/,
  ],
  [['override', 'set', 'acme', '--extra-hour', '0', '--reason', 'x'], 2, /whole number of units, 1 or more/],
  [['override', 'set', 'acme', '--extra-hour', '5', '--expires', 'never', '--reason', 'x'], 1, /need an end date/],
  [['override', 'set', 'acme', '--extra-hour', '5', '--expires', '15:00', '--reason', 'x'], 2, /Say 24h/],
  [['override', 'set', '_rollgate', '--factor', '2', '--reason', 'x'], 1, /belongs to Rollgate itself/],
  [['override', 'expire', 'ovr_0', '--reason', 'x'], 1, /There is no override/],
  [['request', 'approve', 'req_0'], 1, /There is no limit request/],
])(
  'the arguments %j end with exit code %i and one line',
  async (args, code, message) => {
    const run = await text(...(args as string[]));
    expect([run.code, run.stdout, run.stderr.trim().split('\n').length]).toEqual([code, '', 1]);
    expect(run.stderr).toMatch(message as RegExp);
  },
  30_000,
);

test('a view of an account that can not be recorded is shown with a warning', async () => {
  await database.pool.query('ALTER TABLE rollgate.access_log RENAME TO mislaid');
  try {
    const shown = await text('account', 'show', 'acme');
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('acme:')]);
    expect(shown.stderr).toMatch(/^warning: this is not in the access log: /);
  } finally {
    await database.pool.query('ALTER TABLE rollgate.mislaid RENAME TO access_log');
  }
});
