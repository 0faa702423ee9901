/** Tests the SQL of a catalogue that several applications register in one database. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DENIED_MESSAGE } from '@rollgate/contract';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { api, registerCatalogue } from './catalogue-author.js';
import { ADMIN, change, SUPPORT } from './policy-author.js';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const register = (
  application: string,
  apis: unknown,
  { missingOnly = false, pool = database.pool }: { missingOnly?: boolean; pool?: TestDatabase['pool'] } = {},
) => registerCatalogue(pool, { application, apis, missingOnly });

const catalogue = async () => {
  const { rows } = await database.pool.query(
    `SELECT api, owners, retired_at IS NOT NULL AS retired, shipped_per_minute AS "perMinute", version
     FROM rollgate_audit.catalogue_v1 ORDER BY api`,
  );
  return rows as { api: string; owners: string[]; retired: boolean; perMinute: number; version: number }[];
};
const actions = async (target: string) => {
  const { rows } = await database.pool.query<{ action: string; reason: string }>(
    `SELECT action, reason FROM rollgate_audit.catalogue_history_v1 WHERE api = $1 ORDER BY id`,
    [target],
  );
  return rows;
};
const policyVersion = async () => {
  const { rows } = await database.pool.query<{ policy_version: string }>('SELECT policy_version FROM rollgate.ledger');
  return Number(rows[0]?.policy_version);
};

describe('two applications on one database', () => {
  test('live side by side: each replaces its own list alone', async () => {
    await register('shop', [api('place-order'), api('cancel-order')]);
    await register('crm', [api('add-contact', { level: ['bot', 'user'] })]);
    await register('shop', [api('place-order')]);
    expect(await catalogue()).toMatchObject([
      { api: 'add-contact', owners: ['crm'], retired: false },
      { api: 'cancel-order', owners: [], retired: true },
      { api: 'place-order', owners: ['shop'], retired: false },
    ]);
  });

  test('may register the same API with the same definition, and it is retired when the last one leaves', async () => {
    await register('shop', [api('login')]);
    await register('crm', [api('login')]);
    expect(await catalogue()).toMatchObject([{ owners: ['crm', 'shop'], retired: false }]);
    await register('shop', []);
    expect(await catalogue()).toMatchObject([{ owners: ['crm'], retired: false }]);
    await register('crm', []);
    expect(await catalogue()).toMatchObject([{ owners: [], retired: true }]);
  });

  test('that disagree: the second is refused with every conflict and both owners, and stores nothing', async () => {
    await register('shop', [api('login'), api('logout'), api('help')]);
    const before = [await catalogue(), await policyVersion()];
    const conflicting = [
      api('new-api'),
      api('login', { level: ['bot', 'user'], shipped_per_minute: 20 }),
      api('logout', { scope: 'group', group_id: 'people' }),
      api('help', { title: 'Another title' }),
    ];
    await expect(register('crm', conflicting)).rejects.toMatchObject({
      code: 'RGCAT',
      message: [
        'Another application registers the same API with another definition. Nothing of the catalogue of "crm" was stored.',
        'login: "crm" registers [bot, user], 20 per minute, 1800 per hour, group orders; "shop" registers [user], 60 per minute, 1800 per hour, group orders',
        'logout: "crm" registers [user], 60 per minute, 1800 per hour, group people (counted together); "shop" registers [user], 60 per minute, 1800 per hour, group orders',
      ].join('\n'),
    });
    expect([await catalogue(), await policyVersion()]).toEqual(before);
  });

  test('titles and messages are no conflict: the last registration applies', async () => {
    await register('shop', [api('login')]);
    expect(await register('crm', [api('login', { title: 'Sign in', message: 'Slow down.' })])).toEqual([
      { api: 'login', action: 'ship' },
    ]);
    const { rows } = await database.pool.query('SELECT title, message FROM rollgate_audit.catalogue_v1');
    expect(rows).toEqual([{ title: 'Sign in', message: 'Slow down.' }]);
  });

  test('that start at the same moment: one of two conflicting ones is refused, whichever is first', async () => {
    const results = await Promise.allSettled([
      register('shop', [api('login'), api('a')]),
      register('crm', [api('login', { shipped_per_minute: 1 }), api('b')]),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await catalogue()).toHaveLength(2);
  });

  test('twelve instances of one application that start at the same moment register it once', async () => {
    const results = await Promise.all(
      Array.from({ length: 12 }, () => register('shop', [api('login'), api('logout')])),
    );
    expect(results.flat()).toHaveLength(2);
    expect(await actions('login')).toEqual([{ action: 'add', reason: 'registered by shop' }]);
  });
});

describe('a new release', () => {
  test('changes its own definitions, and edits by admins stay', async () => {
    await register('shop', [api('login')]);
    await change(database, 'change_catalogue', {
      by: ADMIN,
      values: ['login', 1, { per_hour: 9_000 }, 'launch', null],
    });
    const changed = [api('login', { shipped_per_minute: 90, shipped_per_hour: 2_000 })];
    expect(await register('shop', changed)).toEqual([{ api: 'login', action: 'ship' }]);
    const { rows } = await database.pool.query('SELECT per_minute, per_hour FROM rollgate_audit.catalogue_v1');
    expect(rows).toEqual([{ per_minute: 90, per_hour: 9_000 }]);
    expect((await actions('login')).map(({ action }) => action)).toEqual(['add', 'change', 'ship']);
  });

  test('that changes nothing writes nothing', async () => {
    await register('shop', [api('login')]);
    const before = await policyVersion();
    expect(await register('shop', [api('login')])).toEqual([]);
    expect(await policyVersion()).toBe(before);
  });

  test('may retire an API and a later one bring it back: the history has both', async () => {
    await register('shop', [api('login'), api('logout')]);
    expect(await register('shop', [api('login')])).toEqual([{ api: 'logout', action: 'retire' }]);
    expect(await register('shop', [api('login'), api('logout', { shipped_per_minute: 5 })])).toEqual([
      { api: 'logout', action: 'return' },
    ]);
    expect(await actions('logout')).toEqual([
      { action: 'add', reason: 'registered by shop' },
      { action: 'retire', reason: 'no longer registered by shop' },
      { action: 'return', reason: 'registered by shop' },
    ]);
    expect(await catalogue()).toMatchObject([
      { api: 'login', version: 1 },
      { api: 'logout', retired: false, perMinute: 5, version: 3 },
    ]);
    const { rows } = await database.pool.query('SELECT ok FROM rollgate_audit.verify_history()');
    expect(rows).toEqual([{ ok: true }]);
  });

  test('of another application may take over a retired API with another definition', async () => {
    await register('shop', [api('login')]);
    await register('shop', []);
    expect(await register('crm', [api('login', { level: ['ip'] })])).toEqual([{ api: 'login', action: 'return' }]);
  });
});

describe('a retired API', () => {
  beforeEach(async () => {
    await register('shop', [api('login'), api('logout', { shipped_per_minute: 1, shipped_per_hour: 9 })]);
    await change(database, 'create_override', {
      by: SUPPORT,
      values: [{ account: 'acme', api: 'logout', per_minute: 5, reason: 'before', expires_at: inADay() }],
    });
    await register('shop', [api('login')]);
  });
  const inADay = () => new Date(Date.now() + 86_400_000).toISOString();

  test('gets no new override or limit request, and its present override stays and can be changed', async () => {
    const refused = expect.objectContaining({ code: 'RG422', message: expect.stringContaining('"logout" is retired') });
    const spec = { account: 'acme', api: 'logout', per_minute: 9, reason: 'more', expires_at: inADay() };
    await expect(change(database, 'create_override', { by: SUPPORT, values: [spec] })).rejects.toEqual(refused);
    await expect(change(database, 'ask_limit', { by: SUPPORT, values: [spec] })).rejects.toEqual(refused);
    expect(
      await change(database, 'change_override', { by: SUPPORT, values: ['ovr_1', 1, { per_minute: 6 }, 'a bit'] }),
    ).toMatchObject({ per_minute: 6 });
  });

  test('does not limit what may be granted to a whole account', async () => {
    const spec = { account: 'acme', per_minute: 600, reason: 'all', expires_at: inADay() };
    await expect(change(database, 'create_override', { by: SUPPORT, values: [spec] })).resolves.toMatchObject({
      per_minute: 600,
    });
  });

  test('an undo of its retirement is refused', async () => {
    const { rows } = await database.pool.query(`SELECT id FROM rollgate.history WHERE action = 'retire'`);
    await expect(change(database, 'undo', { by: ADMIN, values: [rows[0]?.id, 'why'] })).rejects.toMatchObject({
      code: 'RG422',
    });
  });
});

describe('after a restart of the server or a restored backup', () => {
  test('an instance of an older release adds what is missing, and changes nothing else', async () => {
    const older = [api('login'), api('logout'), api('search')];
    await register('shop', older.slice(0, 2));
    await register('shop', [api('login', { shipped_per_minute: 90 }), api('extra')]);
    expect(await register('shop', older, { missingOnly: true })).toEqual([{ api: 'search', action: 'add' }]);
    expect(await catalogue()).toMatchObject([
      { api: 'extra', owners: ['shop'], retired: false },
      { api: 'login', owners: ['shop'], perMinute: 90 },
      { api: 'logout', owners: [], retired: true },
      { api: 'search', owners: ['shop'], retired: false },
    ]);
  });

  test('what another application defines differently is left alone, without an error', async () => {
    await register('shop', [api('login')]);
    expect(await register('crm', [api('login', { level: ['ip'] })], { missingOnly: true })).toEqual([]);
  });
});

test('an instance receives the whole definition of each changed API', async () => {
  await register('shop', [api('login'), api('logout')]);
  const sync = async (version: number) => {
    const { rows } = await database.pool.query(
      `SELECT version::int, whole, apis FROM rollgate.sync_instance('i', 'n', $1, 'normal', NULL,
         (SELECT life FROM rollgate.sync_instance('i', 'n', 0, 'normal', NULL)))`,
      [version],
    );
    return rows[0] as { version: number; whole: boolean; apis: { api: string }[] | null };
  };
  const first = await sync(0);
  expect(first.apis?.map(({ api: id }) => id)).toEqual(['login', 'logout']);
  expect((await sync(first.version)).apis).toBeNull();
  await register('shop', [api('login', { message: 'Slow down.', scope: 'group' })]);
  expect((await sync(first.version)).apis).toEqual([
    {
      api: 'login',
      title: 'Title of login',
      group: 'orders',
      groupTitle: 'Orders',
      level: ['user'],
      scope: 'group',
      shippedPerMinute: 60,
      shippedPerHour: 1_800,
      message: 'Slow down.',
      perMinute: null,
      perHour: null,
      shadow: false,
      retired: false,
    },
    expect.objectContaining({ api: 'logout', retired: true }),
  ]);
});

test('rows of 0.1.0 are in use without a known owner, until the first application that registers them', async () => {
  await register('x', [api('login'), api('logout')]);
  await database.pool.query(`UPDATE rollgate.catalogue_owner SET application = '(before 0.2.0)'`);
  expect(await register('shop', [api('login', { shipped_per_minute: 5 })])).toEqual([{ api: 'login', action: 'ship' }]);
  expect(await catalogue()).toMatchObject([
    { api: 'login', owners: ['shop'], retired: false },
    { api: 'logout', owners: ['(before 0.2.0)'], retired: false },
  ]);
});

test('the default message in SQL is that of the contract', async () => {
  const { rows } = await database.pool.query(
    `SELECT pg_get_expr(adbin, adrelid) AS text FROM pg_attrdef
     WHERE adrelid = 'rollgate.catalogue'::regclass AND adnum = (SELECT attnum FROM pg_attribute
       WHERE attrelid = 'rollgate.catalogue'::regclass AND attname = 'message')`,
  );
  expect(rows[0]?.text).toBe(`'${DENIED_MESSAGE}'::text`);
});
