/** Imports over HTTP: all or nothing, in one batch, with every row checked like a single change. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Desk, inHours, type Json } from './admin-traffic.js';
import { csvOf, everything, HEAD, historyOf, OVERRIDES, openImportDesk, send, verified } from './import-desk.js';

let desk: Desk;
beforeAll(async () => {
  desk = await openImportDesk();
});
afterAll(() => desk?.close());

describe('an import of overrides', () => {
  test('makes one override and one entry of the history for each row, in one batch', async () => {
    const file = csvOf('one,publish-bot,300,9000,never,launch', 'two,get-bots,,9000,2035-01-01T00:00:00Z,"a, b"');
    const { status, body } = await send(desk.admin, file);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      batch: expect.stringMatching(/^bat_\d+$/),
      errors: [],
      totals: { rows: 2, accounts: 2, lowering: 0 },
      items: [
        { line: 2, account: 'one', scope: 'api', api: 'publish-bot', perMinute: 300, perHour: 9_000, expiresAt: null },
        { line: 3, account: 'two', api: 'get-bots', perHour: 9_000, expiresAt: '2035-01-01T00:00:00.000Z' },
      ],
    });
    const changes = await historyOf(desk, body.batch);
    expect(changes.map(({ action, target, reason, batch }) => [action, target, reason, batch])).toEqual([
      ['create', body.items[1].id, 'a, b', body.batch],
      ['create', body.items[0].id, 'launch', body.batch],
    ]);
    expect(await verified(desk)).toMatchObject({ ok: true });
  });

  test('is decided by at once', async () => {
    const { windows } = await desk.limiter.peek({ account: 'one', api: 'publish-bot', dimensions: { bot: 'b' } });
    await desk.limiter.refreshPolicy();
    const after = await desk.limiter.peek({ account: 'one', api: 'publish-bot', dimensions: { bot: 'b' } });
    expect([windows.minute.limit === 60 || windows.minute.limit === 300, after.windows.minute.limit]).toEqual([
      true,
      300,
    ]);
  });

  test('changes nothing if the last row has an error, and lists the errors of all rows with line and column', async () => {
    const before = await everything(desk);
    const { status, body } = await send(
      desk.admin,
      csvOf(
        'fine,publish-bot,300,9000,never,r',
        'bad,publish-bot,many,,never,r',
        'bad,no-such-api,1,1,never,r',
        'bad,publish-bot,1000000001,1,never,r',
        'bad,publish-bot,300,9000,2020-01-01T00:00:00Z,r',
        'bad,publish-bot,300,9000,,r',
        'bad,publish-bot,300,9000,never,',
        '_rollgate,publish-bot,300,9000,never,r',
        'bad,publish-bot,300',
        'bad,publish-bot,10,9000,never,r',
      ),
    );
    expect(status).toBe(422);
    expect(body.message).toContain('Nothing was imported: 9 rows have errors. The first is in line 3, per_minute');
    expect(body.errors.map(({ line, column }: Json) => [line, column])).toEqual([
      [3, 'per_minute'],
      [4, 'api'],
      [5, 'per_minute'],
      [6, 'expires_at'],
      [7, 'expires_at'],
      [8, 'reason'],
      [9, 'account'],
      [10, null],
      [11, 'allow_lowering'],
    ]);
    for (const { message } of body.errors) expect(message).toMatch(/\S/);
    expect(await everything(desk)).toEqual(before);
  });

  test('a dry run shows what each row makes and lowers, and changes nothing', async () => {
    const before = await everything(desk);
    const { status, body } = await send(
      desk.admin,
      csvOf('one,publish-bot,100,9000,never,r', 'new,publish-bot,100,9000,never,r', 'x,no-such-api,1,1,never,r'),
      { dryRun: true },
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ batch: null, totals: { rows: 3, accounts: 2, lowering: 1 } });
    expect(body.items).toMatchObject([
      { line: 2, id: null, lowered: ['publish-bot falls from 300 to 100 in any 60 s'] },
      { line: 3, id: null, perMinute: 100, lowered: [] },
    ]);
    expect(body.errors).toMatchObject([
      { line: 2, column: 'allow_lowering', message: expect.stringContaining('falls from 300 to 100') },
      { line: 4, column: 'api', message: 'There is no API or group "no-such-api".' },
    ]);
    expect(await everything(desk)).toEqual(before);
  });

  test('lowers only with a confirmation, of the file or of the row', async () => {
    const head = 'account,api,per_minute,per_hour,expires_at,allow_lowering';
    const rows = (allowed: string) => `${head}\none,publish-bot,200,9000,never,${allowed}`;
    expect((await send(desk.admin, rows(''), { reason: 'r' })).status).toBe(422);
    expect((await send(desk.admin, rows('false'), { reason: 'r', allowLowering: true })).status).toBe(422);
    expect(await send(desk.admin, rows('true'), { reason: 'r' })).toMatchObject({
      status: 200,
      body: { totals: { lowering: 1 }, items: [{ lowered: ['publish-bot falls from 300 to 200 in any 60 s'] }] },
    });
  });

  test('rows of one account are checked after one another, and the last of equals applies', async () => {
    const file = csvOf('chain,publish-bot,500,9000,never,r', 'chain,publish-bot,400,9000,never,r');
    expect((await send(desk.admin, file)).body.errors).toMatchObject([
      { line: 3, message: expect.stringContaining('from 500 to 400') },
    ]);
    expect((await send(desk.admin, file, { allowLowering: true })).status).toBe(200);
    const { rows } = await desk.database.pool.query(
      `SELECT per_minute FROM rollgate.limits_for('chain', 'publish-bot', '')`,
    );
    expect(rows).toEqual([{ per_minute: 400 }]);
  });

  test('an account may be a pattern, which matches the accounts known now and no others', async () => {
    const { body } = await send(
      desk.admin,
      csvOf('acme-*,publish-bot,300,9000,never,r', 'acme?1,get-bots,300,9000,never,r'),
    );
    expect(body.items.map(({ line, account }: Json) => [line, account])).toEqual([
      [2, 'acme-east'],
      [2, 'acme-west'],
      [3, 'acme_1'],
    ]);
    expect((await send(desk.admin, csvOf('none-*,publish-bot,300,9000,never,r'))).body.errors).toMatchObject([
      { line: 2, column: 'account', message: 'No known account matches "none-*".' },
    ]);
    const all = await send(desk.admin, csvOf('*,publish-bot,3000,90000,never,r'), { dryRun: true });
    expect(all.body.items.map(({ account }: Json) => account)).toContain('other');
    expect(all.text).not.toContain('_rollgate');
    // The characters that LIKE knows stand for themselves.
    expect((await send(desk.admin, csvOf('acme%?,publish-bot,300,9000,never,r'))).body.errors).toHaveLength(1);
    const underline = await send(desk.admin, csvOf('acme_*,get-bots,900,9000,never,r'), { dryRun: true });
    expect(underline.body.items.map(({ account }: Json) => account)).toEqual(['acme_1']);
  });

  test('dimensions name a subject, and a row may say how long with a delay', async () => {
    const { body } = await send(
      desk.admin,
      'account,api,dimensions,per_minute,per_hour,expires_at\none,publish-bot,bot=b-17,900,9000,24h\none,publish-bot,table=t,9,9,1h',
      { reason: 'r', ticket: 'SUP-1', dryRun: true },
    );
    expect(body.items).toMatchObject([{ scope: 'subject', dimensions: { bot: 'b-17' } }]);
    expect(body.errors).toMatchObject([{ line: 3, column: 'dimensions' }]);
  });

  test('a row may grant extra units until an end', async () => {
    const { body } = await send(
      desk.admin,
      `account,extra_minute,expires_at\nextra,500,1h\nextra,500,never\nextra,default,1h`,
      {
        reason: 'r',
        dryRun: true,
      },
    );
    expect(body.items).toMatchObject([{ account: 'extra', scope: 'account', extraMinute: 500, perMinute: null }]);
    expect(body.errors).toMatchObject([{ line: 3 }, { line: 4, column: 'extra_minute' }]);
  });

  test('each row counts against the approval limit of the role', async () => {
    const file = csvOf(`s1,publish-bot,300,9000,${inHours(24)},r`, 's2,publish-bot,300,9000,never,r');
    const { status, body } = await send(desk.support, file);
    expect([status, body.errors]).toMatchObject([422, [{ line: 3, column: 'expires_at' }]]);
    const much = csvOf(`s1,publish-bot,601,18000,${inHours(24)},r`);
    expect((await send(desk.support, much)).body.errors).toMatchObject([
      { line: 2, message: expect.stringContaining('The role support may grant up to 600 units a minute') },
    ]);
    expect((await send(desk.support, csvOf(`s1,publish-bot,600,18000,${inHours(24)},r`))).status).toBe(200);
    expect((await send(desk.viewer, file)).status).toBe(403);
  });

  test('rows may be sent as JSON, with their fields named in the errors', async () => {
    const row = { account: 'j', api: 'publish-bot', perMinute: 300, perHour: 9_000, reason: 'r' };
    const refused = await desk.admin.post(OVERRIDES, { rows: [row, { ...row, perMinute: -1 }, { ...row, extra: 1 }] });
    expect((refused.body as Json)['errors'].map(({ line, column }: Json) => [line, column])).toEqual([
      [2, 'perMinute'],
      [3, null],
    ]);
    expect(await desk.admin.post(OVERRIDES, { rows: [row] })).toMatchObject({ status: 200 });
    expect((await desk.admin.post(OVERRIDES, { rows: [row], csv: csvOf() })).status).toBe(400);
    expect((await desk.admin.post(OVERRIDES, {})).status).toBe(400);
  });
});

describe('a file', () => {
  test.each([
    ['with a byte order mark and CRLF', `\ufeff${HEAD}\r\na,publish-bot,300,9000,never,r\r\n`, []],
    [
      'with its columns in another order',
      'api,account,expires_at,per_minute,per_hour,reason\npublish-bot,a,never,300,9000,r',
      [],
    ],
    [
      'with a line break in a cell',
      `${HEAD}\na,publish-bot,300,9000,never,"r\ns"\nb,publish-bot,x,9000,never,r`,
      [[4, 'per_minute']],
    ],
    ['of nothing', '', [[1, null]]],
    ['of column names', HEAD, [[1, null]]],
    ['with semicolons', `${HEAD.replaceAll(',', ';')}\na;publish-bot;300;9000;never;r`, [[1, null]]],
    ['with an unknown column', 'account,expires_at,limit\na,never,1', [[1, null]]],
    ['with a column twice', 'account,account,expires_at\na,b,never', [[1, 'account']]],
    ['without the account', 'api,expires_at\na,never', [[1, 'account']]],
    ['with an open quote', `${HEAD}\na,publish-bot,300,9000,never,"r`, [[2, null]]],
  ])('%s', async (_, csv, places) => {
    const { status, body } = await send(desk.admin, csv, { dryRun: true });
    expect([status, body.errors.map(({ line, column }: Json) => [line, column])]).toEqual([200, places]);
  });

  test('of more rows than are imported is refused, and one above 5 MB is not read', async () => {
    const rows = Array.from({ length: 10_001 }, (_, at) => `a-${at},publish-bot,300,9000,never,r`);
    expect((await send(desk.admin, csvOf(...rows))).body).toMatchObject({
      errors: [{ message: expect.stringContaining('10001 rows') }],
    });
    expect((await send(desk.admin, 'x'.repeat(5 * 1024 * 1024 + 1))).status).toBe(413);
    expect((await desk.admin.post('/admin/api/overrides', { reason: 'x'.repeat(70_000) })).status).toBe(413);
    const anonymous = await desk.service.call(OVERRIDES, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ csv: 'x'.repeat(100_000) }),
    });
    expect(anonymous.status).toBe(401);
  });
});
