/** Every view of an account and every export is in the access log. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { until } from '@rollgate/testing';
import { AccessRetention } from '../src/operations/access-retention.js';
import { ServiceTokens } from '../src/staff/service-tokens.js';
import { calls, type Desk, inHours, type Json, makeOverride, openDesk } from './admin-traffic.js';
import { AUTHOR, type Browser, browserOf } from './browser.js';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.close());

const sql = async (text: string, values: unknown[] = []): Promise<Json[]> =>
  (await desk.database.pool.query<Json>(text, values)).rows;

const ofActor = (browser: { login: string }) =>
  sql('SELECT * FROM rollgate.access_log WHERE actor = $1 ORDER BY id', [`staff:${browser.login}`]);

const read = async (browser: Browser, path: string): Promise<void> => {
  expect([path, (await browser.get(`/admin/api/${path}`)).status]).toEqual([path, 200]);
};

/** Waits for the ends of the exports. */
const exportsOf = (browser: { login: string }, n: number) =>
  until(() => ofActor(browser), {
    what: `${n} exports have ended`,
    accept: (rows) => rows.filter(({ result }) => result !== null).length === n,
  });

/** The admin API has this many. */
const CONNECTIONS = 5;

/** More rows than the buffers of a response hold. */
const addSignIns = () =>
  sql(`INSERT INTO rollgate.sign_in_log (first_at, last_at, times, outcome, method, login, user_agent)
    SELECT now(), now(), 1, 'unknown', 'password', 'row-' || n, repeat('x', 512) FROM generate_series(1, 50000) n`);

describe('views of an account', () => {
  test('are one row for each five minutes, with everything that was read', async () => {
    const ann = await browserOf(desk.service, 'support');
    const paths = ['accounts/acme', 'accounts/acme/usage', 'accounts/acme/strip', 'accounts/acme/plan'];
    for (const path of [...paths, ...paths]) await read(ann, path);
    const routes = ['getAccount', 'getUsage', 'getStrip', 'getAccountPlan'];
    const view = {
      action: 'view_account',
      account: 'acme',
      actor: `staff:${ann.login}`,
      role: 'support',
      address: '127.0.0.1',
    };
    expect(await ofActor(ann)).toMatchObject([
      { ...view, routes, times: 8, filters: {}, row_count: null, result: null },
    ]);
    await sql(`UPDATE rollgate.access_log SET first_at = first_at - interval '5 minutes' WHERE actor = $1`, [
      view.actor,
    ]);
    await read(ann, 'accounts/acme');
    await read(ann, 'accounts/globex');
    expect((await ofActor(ann)).map(({ account, times }) => [account, times])).toEqual([
      ['acme', 8],
      ['acme', 1],
      ['globex', 1],
    ]);
  });

  test('by many requests at once are one row', async () => {
    const ann = await browserOf(desk.service, 'support');
    await Promise.all(Array.from({ length: 20 }, () => read(ann, 'accounts/acme')));
    expect(await ofActor(ann)).toMatchObject([{ times: 20 }]);
  });

  test('have the account as it is stored, however the address spells it', async () => {
    const ann = await browserOf(desk.service, 'support');
    await read(ann, `accounts/${encodeURIComponent(' Cafe\u0301 ')}`);
    expect(await ofActor(ann)).toMatchObject([{ account: 'Caf\u00e9' }]);
  });

  test('include overrides, limit requests, denials, previews, and lists filtered by the account', async () => {
    const { id } = await makeOverride(desk.admin, { account: 'items-co' });
    const spec = { account: 'items-co', api: 'publish-bot', perMinute: 900, reason: 'r' };
    const request = ((await desk.other.post('/admin/api/requests', spec)).body as Json)['request'];
    await calls(desk.limiter, 120, { account: 'items-co' });
    const denial = await until(
      async () => ((await desk.viewer.get('/admin/api/limit-events?account=items-co')).body as Json)['items'][0]?.id,
      { what: 'a denial is on record' },
    );
    const ann = await browserOf(desk.service, 'support');
    await read(ann, `overrides/${id}`);
    await read(ann, `requests/${request.id}`);
    await read(ann, `denials/${denial}`);
    const preview = { account: 'items-co', api: 'publish-bot', perMinute: 500, expiresAt: inHours(1) };
    expect((await ann.post('/admin/api/overrides/preview', preview)).status).toBe(200);
    await read(ann, 'overrides?account=items-co&limit=5');
    await read(ann, 'history?account=items-co&kind=override');
    expect(
      (await ofActor(ann)).map(({ action, account, routes, filters }) => [action, account, routes, filters]),
    ).toEqual([
      ['view_account', 'items-co', ['getOverride', 'getRequest', 'explainDenial', 'previewOverride'], {}],
      ['list', 'items-co', ['listOverrides'], { account: 'items-co', state: 'inForce' }],
      ['list', 'items-co', ['listHistory'], { account: 'items-co', kind: 'override' }],
    ]);
  });

  test('that were refused or not found, and lists of all accounts, are not recorded', async () => {
    const ann = await browserOf(desk.service, 'support');
    expect((await ann.get('/admin/api/accounts/a%00')).status).toBe(400);
    expect((await ann.get('/admin/api/overrides/ovr_0')).status).toBe(404);
    expect((await ann.get('/admin/api/staff')).status).toBe(403);
    for (const path of ['overrides', 'requests', 'accounts', 'near-limit', 'limit-events']) await read(ann, path);
    expect(await ofActor(ann)).toEqual([]);
  });

  test('by a program have the name of its token', async () => {
    const tokens = desk.service.server.app.get(ServiceTokens, { strict: false });
    const spec = { name: 'crm', permissions: ['accounts.read'], role: 'support', expiresAt: null } as const;
    const { secret } = await tokens.create(spec, AUTHOR);
    const { headers } = await desk.service.call('/admin/api/accounts/acme', {
      headers: { authorization: `Bearer ${secret}` },
    });
    expect(await sql(`SELECT * FROM rollgate.access_log WHERE actor = 'token:crm'`)).toMatchObject([
      { account: 'acme', role: 'support', request_id: headers.get('x-request-id') },
    ]);
  });
});

describe('exports', () => {
  test('are a row each, with the filters and the number of rows', async () => {
    const ann = await browserOf(desk.service, 'support');
    await makeOverride(desk.admin, { account: 'export-co', api: 'publish-bot' });
    await makeOverride(desk.admin, { account: 'export-co', api: 'upload-file' });
    const path = '/admin/api/overrides?account=export-co&format=csv';
    for (let n = 0; n < 2; n++) expect((await ann.get(path)).text.split('\n')).toHaveLength(4);
    const exported = {
      action: 'export',
      account: 'export-co',
      routes: ['listOverrides'],
      row_count: '2',
      result: 'complete',
    };
    const filters = { account: 'export-co', state: 'inForce' };
    expect(await exportsOf(ann, 2)).toMatchObject([
      { ...exported, filters, times: 1 },
      { ...exported, filters, times: 1 },
    ]);
    expect((await ann.call('HEAD', path)).status).toBe(200);
    expect((await exportsOf(ann, 3)).at(-1)).toMatchObject({ row_count: '0', result: 'complete' });
  });

  test('that the client cuts are recorded as cut', async () => {
    const ann = await browserOf(desk.service, 'support');
    await addSignIns();
    await sql(`UPDATE rollgate.staff SET role = 'auditor' WHERE id = $1`, [ann.id]);
    const stop = new AbortController();
    const cookie = [...ann.cookies].map((pair) => pair.join('=')).join('; ');
    const response = await fetch(`${desk.service.server.url}/admin/api/sign-ins?format=csv`, {
      headers: { cookie },
      signal: stop.signal,
    });
    await response.body?.getReader().read();
    stop.abort();
    const [row] = await exportsOf(ann, 1);
    expect(row).toMatchObject({ action: 'export', account: null, routes: ['listSignIns'], result: 'cut' });
    expect(Number(row?.['row_count'])).toBeGreaterThan(0);
    expect(Number(row?.['row_count'])).toBeLessThan(50_000);
  });

  test('more than the service has connections, at the same time, are all sent and recorded', async () => {
    const ann = await browserOf(desk.service, 'support');
    const answers = await Promise.all(Array.from({ length: 12 }, () => ann.get('/admin/api/accounts?format=csv')));
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(200));
    expect(await exportsOf(ann, 12)).toHaveLength(12);
  });
});

describe('while the log can not be written', () => {
  test('accounts are shown and exports are refused, and both are logged and counted', async () => {
    const ann = await browserOf(desk.service, 'support');
    const failures = async () =>
      Number(/^rollgate_access_log_failures_total (\d+)$/m.exec((await desk.service.call('/metrics')).text)?.[1]);
    await addSignIns();
    const before = await failures();
    await sql('ALTER TABLE rollgate.access_log RENAME TO mislaid');
    try {
      await read(ann, 'accounts/acme');
      for (let n = 0; n < CONNECTIONS; n++) {
        const answer = await desk.auditor.get('/admin/api/sign-ins?format=csv');
        expect([answer.status, answer.headers.get('content-type')]).toEqual([
          503,
          'application/problem+json; charset=utf-8',
        ]);
        expect(answer.body['message']).toMatch(/^The export was not sent, because it could not be recorded/);
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      }
    } finally {
      await sql('ALTER TABLE rollgate.mislaid RENAME TO access_log');
    }
    expect(await failures()).toBe(before + 1 + CONNECTIONS);
    for (const what of ['view_account', 'export'])
      expect(desk.service.log).toContainEqual(
        expect.objectContaining({ level: 50, what, msg: 'the access log could not be written' }),
      );
    // A refused export that kept its connection would leave none for this one.
    await read(ann, 'accounts?format=csv');
  });
});

describe('reading the log', () => {
  test.each(['sign-ins', 'access-log'])('/admin/api/%s is for auditors and admins', async (path) => {
    for (const browser of [desk.auditor, desk.admin]) await read(browser, path);
    for (const browser of [desk.viewer, desk.support])
      expect((await browser.get(`/admin/api/${path}`)).body['message']).toBe('This needs the permission "staff.read".');
  });

  test('filters by person, account, action and time, page by page, and as CSV', async () => {
    const ann = await browserOf(desk.service, 'support');
    for (const account of ['one-co', 'two-co', 'three-co']) await read(ann, `accounts/${account}`);
    await ann.get('/admin/api/accounts?format=csv');
    await exportsOf(ann, 1);
    const list = async (query: string): Promise<Json> =>
      (await desk.auditor.get(`/admin/api/access-log?actor=staff:${ann.login}&${query}`)).body;
    const accounts = ({ items }: Json) => items.map(({ account }: Json) => account);
    expect(accounts(await list(''))).toEqual([null, 'three-co', 'two-co', 'one-co']);
    expect(accounts(await list('account=two-co'))).toEqual(['two-co']);
    expect((await list('action=export'))['items']).toMatchObject([
      {
        actor: `staff:${ann.login}`,
        routes: ['searchAccounts'],
        result: 'complete',
        rows: expect.any(Number),
        times: 1,
      },
    ]);
    const first = await list('limit=3');
    expect(accounts(await list(`limit=3&after=${first['next']}`))).toEqual(['one-co']);
    expect(accounts(await list(`to=${first['items'][2].firstAt}`))).toEqual(['one-co']);
    expect(accounts(await list(`from=${inHours(1)}`))).toEqual([]);
    const { text } = await desk.auditor.get(`/admin/api/access-log?actor=staff:${ann.login}&account=two-co&format=csv`);
    expect(text).toMatch(/^id,firstAt,lastAt,times,actor,.*\n\d+,.*,view_account,two-co,/);
  });

  test('filters sign-ins by login, outcome, method and address', async () => {
    const note = (outcome: string, login: string) =>
      sql(`SELECT rollgate.note_sign_in($1, 'password', $2, NULL, '192.0.2.1', NULL, NULL)`, [outcome, login]);
    await note('unknown', 'filter-a');
    await note('signed_in', 'filter-a');
    await note('unknown', 'filter-b');
    const list = async (query: string): Promise<string[]> =>
      ((await desk.auditor.get(`/admin/api/sign-ins?address=192.0.2.1&${query}`)).body as Json)['items'].map(
        ({ outcome, login }: Json) => `${outcome} ${login}`,
      );
    expect(await list('login=filter-a')).toEqual(['signed_in filter-a', 'unknown filter-a']);
    expect(await list('outcome=unknown')).toEqual(['unknown filter-b', 'unknown filter-a']);
    expect(await list('method=oidc')).toEqual([]);
  });
});

test('rows that are past their retention are removed, and younger ones are kept', async () => {
  await sql(`SELECT rollgate.note_access(ROW('cli:old', NULL, NULL, NULL)::rollgate.author, 'view_account', a, 'x', '{}')
    FROM unnest(ARRAY['old', 'young']) a`);
  await sql(
    `SELECT rollgate.note_sign_in('unknown', 'password', l, NULL, NULL, NULL, NULL) FROM unnest(ARRAY['old', 'young']) l`,
  );
  for (const [table, column] of [
    ['access_log', 'account'],
    ['sign_in_log', 'login'],
  ])
    await sql(`UPDATE rollgate.${table} SET first_at = now() - CASE ${column} WHEN 'old' THEN interval '401 days'
      ELSE interval '399 days' END WHERE ${column} IN ('old', 'young')`);
  expect(await desk.service.server.app.get(AccessRetention, { strict: false }).pass()).toBe(2);
  const kept = `SELECT account AS name FROM rollgate.access_log WHERE actor = 'cli:old'
    UNION ALL SELECT login FROM rollgate.sign_in_log WHERE login IN ('old', 'young')`;
  expect(await sql(kept)).toEqual([{ name: 'young' }, { name: 'young' }]);
  await expect(sql('SELECT rollgate.prune_access(29)')).rejects.toThrow('p_keep_days must be at least 30');
});
