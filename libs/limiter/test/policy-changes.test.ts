/** Tests the SQL rules for changing limits: approval limits, versions, limit requests, undo, and a complete history. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { createPostgresLimiter } from '../src/postgres-limiter.js';
import { ADMIN, type Changed, CUSTOMER, change, inHours, OTHER_SUPPORT, SUPPORT, type Who } from './policy-author.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  // A limiter that has polled once has registered its catalogue.
  const limiter = createPostgresLimiter({ databaseUrl: database.url, janitor: false, budgetMs: 20_000 });
  await limiter.refreshPolicy();
  await limiter.close();
});
afterAll(() => database.drop());

let account = 'acme';
let accounts = 0;
beforeEach(() => {
  account = `acme-${++accounts}`;
});

const create = (spec: object, by: Who = SUPPORT) =>
  change(database, 'create_override', { by, values: [{ account, reason: 'because', ...spec }] });
const ask = (spec: object = {}, by: Who = CUSTOMER) =>
  change(database, 'ask_limit', {
    by,
    values: [{ account, api: 'publish-bot', per_minute: 120, reason: 'launch', ...spec }],
  });
const decide = (
  id: string,
  by: Who,
  { approve = true, changes = {}, answer = 'ok', version = null as number | null } = {},
) => change(database, 'decide_request', { by, values: [id, version, approve, changes, answer] });
const history = async (target: string) => {
  const { rows } = await database.pool.query(
    'SELECT id, action, actor, role, address, request_id, before, after, reason, undoes FROM rollgate.history WHERE target = $1 ORDER BY id',
    [target],
  );
  return rows as {
    id: string;
    action: string;
    actor: string;
    before: Record<string, unknown> | null;
    after: Record<string, unknown>;
    reason: string;
  }[];
};
const refused = (code: string) => expect.objectContaining({ code });

describe('approval limits (publish-bot: 60 a minute by default)', () => {
  test.each<[string, object, Who, string | null]>([
    [
      'support: ten times, thirty days',
      { api: 'publish-bot', per_minute: 600, expires_at: inHours(30 * 24) },
      SUPPORT,
      null,
    ],
    ['support: above ten times', { api: 'publish-bot', per_minute: 601, expires_at: inHours(1) }, SUPPORT, 'RG403'],
    [
      'support: longer than thirty days',
      { api: 'publish-bot', per_minute: 100, expires_at: inHours(30 * 24 + 1) },
      SUPPORT,
      'RG403',
    ],
    ['support: permanent', { api: 'publish-bot', per_minute: 100 }, SUPPORT, 'RG403'],
    [
      'support: block',
      { api: 'publish-bot', per_minute: 0, expires_at: inHours(1), allow_lowering: true },
      SUPPORT,
      null,
    ],
    ['support: shadow', { api: 'publish-bot', mode: 'shadow', expires_at: inHours(1) }, SUPPORT, 'RG403'],
    ['admin: permanent and high', { api: 'publish-bot', per_minute: 1_000_000, per_hour: 1_000_000 }, ADMIN, null],
    ['admin: shadow', { mode: 'shadow' }, ADMIN, null],
    [
      'viewer: nothing',
      { api: 'publish-bot', per_minute: 61, expires_at: inHours(1) },
      { actor: 'staff:v', role: 'viewer' },
      'RG403',
    ],
    ['customer: nothing', { api: 'publish-bot', per_minute: 61, expires_at: inHours(1) }, CUSTOMER, 'RG403'],
    ['unknown API', { api: 'no-such', per_minute: 61, expires_at: inHours(1) }, ADMIN, 'RG404'],
    ['unknown group', { group_id: 'no-such', per_minute: 61 }, ADMIN, 'RG404'],
    ['no limit, no mode', { api: 'publish-bot' }, ADMIN, 'RG422'],
    ['no reason', { api: 'publish-bot', per_minute: 61, reason: '  ' }, ADMIN, 'RG422'],
    [
      'over before it starts',
      { api: 'publish-bot', per_minute: 61, starts_at: inHours(2), expires_at: inHours(1) },
      ADMIN,
      'RG422',
    ],
    ['over already', { api: 'publish-bot', per_minute: 61, expires_at: inHours(-1) }, ADMIN, 'RG422'],
  ])('%s', async (_, spec, by, code) => {
    if (code === null) expect(await create(spec, by)).toMatchObject({ version: 1 });
    else await expect(create(spec, by)).rejects.toEqual(refused(code));
  });

  test('the approval limit of a whole account depends on the lowest default of its APIs', async () => {
    const { rows } = await database.pool.query<{ least: number }>(
      'SELECT min(shipped_per_minute) AS least FROM rollgate.catalogue',
    );
    const most = (rows[0]?.least ?? 0) * 10;
    await create({ per_minute: most, expires_at: inHours(1) });
    await expect(create({ per_minute: most + 1, expires_at: inHours(1) })).rejects.toEqual(refused('RG403'));
  });
});

describe('an override', () => {
  test('an override can be changed only at its current version', async () => {
    const { id } = await create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    const to = (version: number, per_minute: number) =>
      change(database, 'change_override', { by: SUPPORT, values: [id, version, { per_minute }, 'more'] });
    expect(await to(1, 120)).toMatchObject({ version: 2, per_minute: 120 });
    await expect(to(1, 130)).rejects.toEqual(refused('RG412'));
    await expect(change(database, 'change_override', { by: SUPPORT, values: ['ovr_0', 1, {}, 'x'] })).rejects.toEqual(
      refused('RG404'),
    );
  });

  test('when two people change an override at once, one succeeds', async () => {
    const { id } = await create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    const both = await Promise.allSettled(
      [110, 120].map((per_minute) =>
        change(database, 'change_override', { by: SUPPORT, values: [id, 1, { per_minute }, 'more'] }),
      ),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'RG412' } });
  });

  test("the fields that identify an override can't change", async () => {
    const { id } = await create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    await change(database, 'change_override', {
      by: SUPPORT,
      values: [id, 1, { account: 'other', api: 'x', created_by: 'me' }, 'try'],
    });
    const { rows } = await database.pool.query('SELECT account, api, created_by FROM rollgate.override WHERE id = $1', [
      id,
    ]);
    expect(rows).toEqual([{ account, api: 'publish-bot', created_by: SUPPORT.actor }]);
  });

  test('an override expires and is restored, and its history shows both', async () => {
    const { id } = await create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    const expire = (version: number) =>
      change(database, 'expire_override', { by: SUPPORT, values: [id, version, 'done'] });
    const expired = await expire(1);
    expect(expired.expires_at?.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
    await expect(expire(2)).rejects.toEqual(refused('RG409'));
    await expect(
      change(database, 'change_override', { by: SUPPORT, values: [id, 2, { per_minute: 90 }, 'x'] }),
    ).rejects.toEqual(refused('RG409'));
    await change(database, 'restore_override', { by: SUPPORT, values: [id, 2, inHours(2), 'again'] });
    await expect(
      change(database, 'restore_override', { by: SUPPORT, values: [id, 3, inHours(2), 'again'] }),
    ).rejects.toEqual(refused('RG409'));
    expect((await history(id)).map(({ action, reason }) => [action, reason])).toEqual([
      ['create', 'because'],
      ['expire', 'done'],
      ['restore', 'again'],
    ]);
  });

  test('the history shows each change with its author, address, old and new values', async () => {
    const { id } = await create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1), ticket: 'T-1' });
    await change(database, 'change_override', {
      by: OTHER_SUPPORT,
      values: [id, 1, { per_minute: 150 }, 'still too low'],
    });
    expect(await history(id)).toMatchObject([
      { action: 'create', actor: 'staff:ann', before: null, after: { perMinute: 100, ticket: 'T-1', version: 1 } },
      {
        action: 'change',
        actor: 'staff:bob',
        role: 'support',
        address: '10.0.0.7',
        request_id: 'req-1',
        before: { perMinute: 100 },
        after: { perMinute: 150, version: 2 },
        reason: 'still too low',
      },
    ]);
  });
});

describe('undo', () => {
  const undo = async (target: string, by: Who = SUPPORT) => {
    const last = (await history(target)).at(-1);
    const { rows } = await database.pool.query(
      `SELECT rollgate.undo($1, 'a mistake', ROW($2, $3, NULL, NULL)::rollgate.author, true) AS undo`,
      [last?.id, by.actor, by.role],
    );
    return rows[0] as { undo: string };
  };
  const row = async (id: string) =>
    (
      await database.pool.query<Changed>(
        'SELECT *, expires_at <= clock_timestamp() AS over FROM rollgate.override WHERE id = $1',
        [id],
      )
    ).rows[0];

  test('undoing the creation of an override ends it', async () => {
    const { id } = await create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    await undo(id);
    expect(await row(id)).toMatchObject({ over: true });
  });

  test('undoing a change restores the old values, and undoing that restores the change', async () => {
    const { id } = await create({ api: 'publish-bot', per_minute: 100, per_hour: 5000, expires_at: inHours(1) });
    await change(database, 'change_override', {
      by: SUPPORT,
      values: [id, 1, { per_minute: 200, per_hour: null, allow_lowering: true }, 'more'],
    });
    await undo(id);
    expect(await row(id)).toMatchObject({ per_minute: 100, per_hour: 5000, version: 3 });
    await undo(id);
    expect(await row(id)).toMatchObject({ per_minute: 200, per_hour: null, version: 4 });
    expect((await history(id)).map(({ action }) => action)).toEqual(['create', 'change', 'undo', 'undo']);
  });

  test('undoing an outdated change is rejected, and so is restoring a value above the approval limit', async () => {
    const { id } = await create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    const first = (await history(id))[0];
    await change(database, 'change_override', { by: SUPPORT, values: [id, 1, { per_minute: 200 }, 'more'] });
    await expect(change(database, 'undo', { by: SUPPORT, values: [first?.id, 'x'] })).rejects.toEqual(refused('RG409'));
    const high = await create({ api: 'publish-bot', per_minute: 100_000, per_hour: 100_000 }, ADMIN);
    await change(database, 'change_override', {
      by: ADMIN,
      values: [high.id, 1, { per_minute: 100, expires_at: inHours(1), allow_lowering: true }, 'down'],
    });
    await expect(undo(high.id)).rejects.toEqual(refused('RG403'));
    await undo(high.id, ADMIN);
  });

  test('a change of a default limit can be undone', async () => {
    const edit = (values: unknown[], by = ADMIN) => change(database, 'change_catalogue', { by, values });
    await expect(edit(['publish-bot', 1, { per_minute: 70 }, 'x', null], SUPPORT)).rejects.toEqual(refused('RG403'));
    await edit(['publish-bot', 1, { per_minute: 70 }, 'load test', null]);
    await expect(edit(['publish-bot', 1, { per_minute: 80 }, 'x', null])).rejects.toEqual(refused('RG412'));
    await undo('publish-bot', ADMIN);
    const { rows } = await database.pool.query(
      `SELECT per_minute, version FROM rollgate.catalogue WHERE api = 'publish-bot'`,
    );
    expect(rows).toEqual([{ per_minute: null, version: 3 }]);
    expect((await history('publish-bot')).at(-1)).toMatchObject({
      action: 'undo',
      before: { perMinute: 70 },
      after: { perMinute: null },
    });
  });
});

describe('a limit request', () => {
  test('approval creates the override in the same transaction', async () => {
    const { id } = await ask({ until: inHours(24), ticket: 'T-9' });
    const approved = await decide(id, SUPPORT, { changes: { per_minute: 90 }, answer: 'half of it' });
    expect(approved).toMatchObject({ state: 'approved', version: 2 });
    const { rows } = await database.pool.query('SELECT * FROM rollgate.override WHERE id = $1', [approved.override_id]);
    expect(rows[0]).toMatchObject({
      account,
      api: 'publish-bot',
      per_minute: 90,
      ticket: 'T-9',
      request_id: id,
      created_by: 'staff:ann',
    });
    expect((await history(id)).map(({ action }) => action)).toEqual(['ask', 'approve']);
  });

  test("a request above the reviewer's approval limit stays open, and no override is created", async () => {
    const { id } = await ask({ per_minute: 10_000, per_hour: 10_000, until: inHours(24) });
    await expect(decide(id, SUPPORT)).rejects.toEqual(refused('RG403'));
    const { rows } = await database.pool.query('SELECT state FROM rollgate.limit_request WHERE id = $1', [id]);
    expect(rows).toEqual([{ state: 'open' }]);
    expect(await decide(id, ADMIN)).toMatchObject({ state: 'approved' });
  });

  test('declining a request needs a reason', async () => {
    const { id } = await ask();
    await expect(decide(id, SUPPORT, { approve: false, answer: ' ' })).rejects.toEqual(refused('RG422'));
    expect(await decide(id, SUPPORT, { approve: false, answer: 'spread the calls' })).toMatchObject({
      state: 'declined',
    });
  });

  test("staff can't review their own requests, whatever their role", async () => {
    const { id } = await ask({ until: inHours(24) }, ADMIN);
    await expect(decide(id, ADMIN)).rejects.toEqual(refused('RG403'));
    await expect(decide(id, ADMIN, { approve: false })).rejects.toEqual(refused('RG403'));
    expect(await decide(id, SUPPORT)).toMatchObject({ state: 'approved' });
  });

  test("when two people review a request at once, one succeeds and the other's error names the first", async () => {
    const { id } = await ask({ until: inHours(24) });
    const both = await Promise.allSettled([decide(id, SUPPORT), decide(id, OTHER_SUPPORT, { approve: false })]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'RG409' } });
    const { rows } = await database.pool.query(
      'SELECT count(*)::int AS n FROM rollgate.override WHERE request_id = $1',
      [id],
    );
    expect((rows[0] as { n: number }).n).toBeLessThanOrEqual(1);
  });

  test('a customer can have at most twenty open requests, and one for each denial', async () => {
    await ask({ denial_id: 'd-1' });
    await expect(ask({ denial_id: 'd-1' })).rejects.toEqual(refused('RG409'));
    for (let i = 1; i < 20; i++) await ask();
    await expect(ask()).rejects.toEqual(refused('RG409'));
  });
});

describe('the history', () => {
  const verify = async () =>
    (
      await database.pool.query<{ broken_id: string | null; broken_why: string | null; rows_checked: string }>(
        'SELECT * FROM rollgate.verify_history()',
      )
    ).rows[0];
  const asOwner = async (sql: string, values: unknown[] = []) => {
    const client = await database.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('ALTER TABLE rollgate.history DISABLE TRIGGER USER');
      await client.query(sql, values);
      const { rows } = await client.query('SELECT * FROM rollgate.verify_history()');
      return rows[0];
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  };

  test('concurrent changes form one chain in the history', async () => {
    await Promise.all(
      Array.from({ length: 20 }, () => create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) })),
    );
    expect(await verify()).toMatchObject({ broken_id: null });
  });

  test.each([
    ['a changed value', `UPDATE rollgate.history SET after = jsonb_set(after, '{perMinute}', '1') WHERE id = $1`, 0],
    ['a changed reason', `UPDATE rollgate.history SET reason = 'x' WHERE id = $1`, 0],
    ['a changed time', `UPDATE rollgate.history SET at = at + interval '1 microsecond' WHERE id = $1`, 0],
    ['a removed row', 'DELETE FROM rollgate.history WHERE id = $1', 1],
    [
      'a changed row with its hash made right',
      `UPDATE rollgate.history h SET reason = 'x', hash = rollgate.history_hash(ROW(h.id, h.at, h.kind, h.action, h.target, h.account, h.actor, h.role, h.address, h.request_id, h.before, h.after, 'x', h.ticket, h.undoes, h.previous_hash, '')::rollgate.history) WHERE id = $1`,
      1,
    ],
  ])('the history check detects %s made as the owner of the table, and names the row', async (_, sql, next) => {
    const { id } = await create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    await create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    const target = Number((await history(id))[0]?.id);
    expect(Number((await asOwner(sql, [target]))?.broken_id)).toBe(target + next);
    expect(await verify()).toMatchObject({ broken_id: null });
  });

  test('the history check detects rows missing at the end', async () => {
    await create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    const broken = await asOwner('DELETE FROM rollgate.history WHERE id = (SELECT max(id) FROM rollgate.history)');
    expect(broken?.broken_why).toMatch(/at the end/);
  });

  test('the history is append-only even for its owner', async () => {
    await expect(database.pool.query(`UPDATE rollgate.history SET reason = 'x'`)).rejects.toThrow(/append-only/);
    await expect(database.pool.query('DELETE FROM rollgate.history')).rejects.toThrow(/append-only/);
    await expect(database.pool.query('TRUNCATE rollgate.history')).rejects.toThrow(/append-only/);
  });

  test.each([
    `INSERT INTO rollgate.override (id) VALUES ('ovr_x')`,
    'UPDATE rollgate.override SET per_minute = 1',
    'DELETE FROM rollgate.override',
    'UPDATE rollgate.catalogue SET per_minute = 1',
    `UPDATE rollgate.limit_request SET state = 'approved'`,
    'INSERT INTO rollgate.history SELECT * FROM rollgate.history',
    'UPDATE rollgate.ledger SET policy_version = 0',
    `UPDATE rollgate.ceiling SET times = 1000`,
    `SELECT rollgate.record('override', 'x', 'x', 'x', ROW('a','admin','','')::rollgate.author, NULL, NULL, 'r')`,
    'UPDATE rollgate.counter SET total = 0',
    'ALTER TABLE rollgate.history DISABLE TRIGGER USER',
    'SET ROLE rollgate_owner',
  ])("the service's role can't bypass the history: %s", async (sql) => {
    const client = await database.pool.connect();
    try {
      await client.query('BEGIN; SET LOCAL SESSION AUTHORIZATION rollgate_admin_api');
      await expect(client.query(sql)).rejects.toEqual(refused('42501'));
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});
