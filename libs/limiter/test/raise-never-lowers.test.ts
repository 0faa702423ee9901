/**
 * A change of limits is compared, in SQL, with the limits in force: lowering a limit needs a confirmation, whichever
 * way it is made.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { createPostgresLimiter } from '../src/postgres-limiter.js';
import { ADMIN, CUSTOMER, change, inHours, OTHER_SUPPORT, SUPPORT, type Who } from './policy-author.js';

interface Row {
  readonly id: string;
  readonly per_minute: number | null;
  readonly per_hour: number | null;
  readonly factor: string | null;
  readonly version: number;
  readonly history_id: string;
  readonly override_id: string;
}

interface Lowering {
  readonly api: string;
  readonly window: 'minute' | 'hour';
  readonly from: number;
  readonly to: number;
  readonly why: string;
  readonly at: string | null;
  readonly text: string;
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
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

const API = 'publish-bot'; // 60 and 1,800 by default
const create = (spec: object, by: Who = ADMIN) =>
  change<Row>(database, 'create_override', { by, values: [{ account, reason: 'because', ...spec }] });
const changeTo = (id: string, changes: object, by: Who = ADMIN) =>
  change<Row>(database, 'change_override', { by, values: [id, null, changes, 'because'] });
const limits = async (api = API, subject = '', at: string | null = null) => {
  const { rows } = await database.pool.query('SELECT * FROM rollgate.limits_for($1, $2, $3, $4)', [
    account,
    api,
    subject,
    at,
  ]);
  return [rows[0].per_minute, rows[0].per_hour];
};
/** The lowered limits that a refusal lists; `undefined` if the change was made. */
const refusal = async (done: Promise<unknown>): Promise<Lowering[] | undefined> => {
  try {
    await done;
    return undefined;
  } catch (error) {
    const { code, detail } = error as { code: string; detail: string };
    expect(code).toBe('RG409');
    return JSON.parse(detail).lowering;
  }
};
const brief = (list: Lowering[] | undefined) =>
  list?.map(({ api, window, from, to, why }) => [api, window, from, to, why]);
/** The lowered limits that the history records for a change. */
const onRecord = async (historyId: string): Promise<Lowering[] | undefined> => {
  const { rows } = await database.pool.query(
    `SELECT after -> 'lowered' AS lowered FROM rollgate.history WHERE id = $1`,
    [historyId],
  );
  return rows[0].lowered ?? undefined;
};

describe('a new override', () => {
  test('a new override over one in force keeps the hour limit that it leaves out', async () => {
    await create({ api: API, per_minute: 300, per_hour: 9_000, expires_at: inHours(48) });
    expect(await create({ api: API, per_minute: 400, expires_at: inHours(24) }, SUPPORT)).toMatchObject({
      per_hour: 9_000,
    });
    expect(await limits()).toEqual([400, 9_000]);
    expect(await create({ api: API, per_hour: 10_000, expires_at: inHours(24) }, SUPPORT)).toMatchObject({
      per_minute: 400,
    });
  });

  test('a new override without one in force follows the default for the hour it leaves out, also after an edit', async () => {
    expect(await create({ api: API, per_minute: 300 })).toMatchObject({ per_hour: null });
  });

  test('a new override below one in force is rejected with the lowered limits; with a confirmation it is created and recorded', async () => {
    await create({ api: API, per_minute: 300, per_hour: 9_000 });
    const down = { api: API, per_minute: 120, per_hour: 3_600, expires_at: inHours(24) };
    const expected = [
      [API, 'minute', 300, 120, 'lower'],
      [API, 'hour', 9_000, 3_600, 'lower'],
    ];
    expect(brief(await refusal(create(down, SUPPORT)))).toEqual(expected);
    expect(await limits()).toEqual([300, 9_000]);
    const { history_id } = await create({ ...down, allow_lowering: true }, SUPPORT);
    expect(await limits()).toEqual([120, 3_600]);
    expect(brief(await onRecord(history_id))).toEqual(expected);
  });

  test('null instead of a limit means the default, which may be lower', async () => {
    await create({ api: API, per_minute: 300, per_hour: 9_000 });
    expect(brief(await refusal(create({ api: API, per_minute: 400, per_hour: null })))).toEqual([
      [API, 'hour', 9_000, 1_800, 'lower'],
    ]);
  });

  test('an override of the whole account at the lowest default lists every API with a higher limit', async () => {
    const { rows } = await database.pool.query<{ api: string; per_minute: number; per_hour: number }>(
      `SELECT api, shipped_per_minute AS per_minute, shipped_per_hour AS per_hour FROM rollgate.catalogue
       WHERE shipped_per_minute > 120 OR shipped_per_hour > 3600 ORDER BY ord`,
    );
    expect(rows.length).toBeGreaterThan(0);
    const lowered = await refusal(create({ per_minute: 120, per_hour: 3_600 }));
    expect(brief(lowered)).toEqual(
      rows.flatMap(({ api, per_minute, per_hour }) => [
        ...(per_minute > 120 ? [[api, 'minute', per_minute, 120, 'lower']] : []),
        ...(per_hour > 3_600 ? [[api, 'hour', per_hour, 3_600, 'lower']] : []),
      ]),
    );
    await create({ factor: 2 });
    expect(await limits()).toEqual([120, 3_600]);
    expect(await limits(rows[0]?.api)).toEqual([(rows[0]?.per_minute ?? 0) * 2, (rows[0]?.per_hour ?? 0) * 2]);
  });

  test('a new override lowers nothing for an API whose own override takes precedence', async () => {
    await create({ api: API, per_minute: 6_000, per_hour: 60_000 });
    expect(await refusal(create({ factor: 2 }))).toBeUndefined();
    expect(await limits()).toEqual([6_000, 60_000]);
  });

  test('an override of one API over a factor of the account keeps the product for the hour it leaves out', async () => {
    await create({ factor: 5 });
    expect(await create({ api: API, per_minute: 400 })).toMatchObject({ per_minute: 400, per_hour: 9_000 });
    expect(brief(await refusal(create({ factor: 2 })))).toContainEqual(['upload-file', 'minute', 300, 120, 'lower']);
  });

  test('an override of one subject is compared with the limits of that subject', async () => {
    const subject = `${account}/${API}/bot=b`;
    await create({ api: API, subject, per_minute: 500, per_hour: 9_000 });
    await create({ api: API, per_minute: 100, per_hour: 2_000 });
    expect(brief(await refusal(create({ api: API, subject, per_minute: 200 })))).toEqual([
      [API, 'minute', 500, 200, 'lower'],
    ]);
  });

  test.each<[string, object, unknown[]]>([
    [
      '0 blocks',
      { per_minute: 0, per_hour: 0 },
      [
        [API, 'minute', 60, 0, 'blocked'],
        [API, 'hour', 1_800, 0, 'blocked'],
      ],
    ],
    ['an hour below the minute', { per_minute: 3_000 }, [[API, 'hour', 1_800, 1_800, 'hourBelowMinute']]],
    [
      'a factor below 1',
      { factor: 0.5 },
      [
        [API, 'minute', 60, 30, 'lower'],
        [API, 'hour', 1_800, 900, 'lower'],
      ],
    ],
  ])('%s needs the same confirmation', async (_, spec, expected) => {
    expect(brief(await refusal(create({ api: API, ...spec })))).toEqual(expected);
    await create({ api: API, ...spec, allow_lowering: true });
  });

  test('an override with a later start is compared with the limits in force then', async () => {
    await create({ api: API, per_minute: 300, per_hour: 9_000, starts_at: inHours(10), expires_at: inHours(20) });
    const [from, to] = [inHours(5), inHours(30)];
    expect(
      await refusal(create({ api: API, per_minute: 120, per_hour: 3_600, starts_at: from, expires_at: inHours(9) })),
    ).toBeUndefined();
    const lowered = await refusal(
      create({ api: API, per_minute: 120, per_hour: 3_600, starts_at: from, expires_at: to }),
    );
    expect(brief(lowered)).toEqual([
      [API, 'minute', 300, 120, 'lower'],
      [API, 'hour', 9_000, 3_600, 'lower'],
    ]);
    expect(Math.abs(Date.parse(lowered?.[0]?.at ?? '') - Date.parse(inHours(10)))).toBeLessThan(60_000);
    expect(lowered?.[0]?.text).toMatch(/^publish-bot falls from 300 to 120 in any 60 s, from \d{4}-.* UTC on$/);
  });

  test('an override that only sets a mode lowers nothing', async () => {
    await create({ api: API, per_minute: 300 });
    expect(await refusal(create({ mode: 'shadow' }))).toBeUndefined();
  });

  test('an override keeps a limit above its author’s approval limit only as long as the limit it came from', async () => {
    await create({ api: API, per_minute: 61, per_hour: 100_000, expires_at: inHours(10) });
    await expect(create({ api: API, per_minute: 100, expires_at: inHours(20) }, SUPPORT)).rejects.toMatchObject({
      code: 'RG403',
    });
    expect(await create({ api: API, per_minute: 100, expires_at: inHours(5) }, SUPPORT)).toMatchObject({
      per_hour: 100_000,
    });
  });
});

describe('a factor', () => {
  test.each<[string, object, Who, string | null]>([
    ['within the approval limit', { factor: 10, expires_at: inHours(1) }, SUPPORT, null],
    ['above the approval limit', { factor: 10.001, expires_at: inHours(1) }, SUPPORT, 'RG403'],
    ['above the approval limit, by an admin', { factor: 1_000 }, ADMIN, null],
    ['together with a limit', { factor: 2, per_minute: 90 }, ADMIN, 'RG422'],
    ['a factor of 0', { factor: 0 }, ADMIN, 'RG422'],
    ['a factor below 0', { factor: -2 }, ADMIN, 'RG422'],
    ['a factor above the maximum', { factor: 1_000.001 }, ADMIN, 'RG422'],
    ['with four decimals', { factor: 1.2345 }, ADMIN, 'RG422'],
  ])('%s', async (_, spec, by, code) => {
    if (code === null) await create(spec, by);
    else await expect(create(spec, by)).rejects.toMatchObject({ code });
  });

  test('a factor follows an edit of the default', async () => {
    const api = 'export-bot-analytics';
    const known = await database.pool.query(`SELECT api, version FROM rollgate.catalogue ORDER BY ord DESC LIMIT 1`);
    const target = known.rows[0]?.api ?? api;
    await create({ api: target, factor: 2 });
    const [minute] = await limits(target);
    const edit = { per_minute: minute, per_hour: 1_000_000 };
    await change(database, 'change_catalogue', { by: ADMIN, values: [target, known.rows[0].version, edit, 'x', null] });
    expect(await limits(target)).toEqual([minute * 2, 2_000_000]);
  });

  test('in a change, a factor and limits replace each other', async () => {
    const { id } = await create({ api: API, factor: 2 });
    expect(await changeTo(id, { per_minute: 200 })).toMatchObject({ per_minute: 200, per_hour: 3_600, factor: null });
    expect(brief(await refusal(changeTo(id, { factor: 2 })))).toEqual([[API, 'minute', 200, 120, 'lower']]);
    expect(await changeTo(id, { factor: 4 })).toMatchObject({ per_minute: null, per_hour: null, factor: '4' });
  });
});

describe('a change', () => {
  test('a change that lowers a limit is rejected, and made when it is confirmed', async () => {
    const { id } = await create({ api: API, per_minute: 300, per_hour: 9_000 });
    expect(brief(await refusal(changeTo(id, { per_minute: 200 })))).toEqual([[API, 'minute', 300, 200, 'lower']]);
    expect(await changeTo(id, { per_minute: 200, allow_lowering: true })).toMatchObject({ per_minute: 200 });
    expect(await changeTo(id, { per_minute: 250 })).toMatchObject({ per_minute: 250, per_hour: 9_000 });
  });

  test('a later start lowers limits until then, and an earlier end lists what it lowers', async () => {
    const { id } = await create({ api: API, per_minute: 300, per_hour: 9_000 });
    expect(brief(await refusal(changeTo(id, { starts_at: inHours(5) })))).toEqual([
      [API, 'minute', 300, 60, 'lower'],
      [API, 'hour', 9_000, 1_800, 'lower'],
    ]);
    await changeTo(id, { expires_at: inHours(1) });
  });
});

describe('ending, restoring, undoing', () => {
  test('ending an override needs no confirmation and records what it lowered', async () => {
    const { id } = await create({ api: API, per_minute: 300, per_hour: 9_000 });
    const preview = await database.pool.query('SELECT * FROM rollgate.preview_end($1)', [[id, 'ovr_0']]);
    const expected = [
      [API, 'minute', 300, 60, 'lower'],
      [API, 'hour', 9_000, 1_800, 'lower'],
    ];
    expect(preview.rows.map(({ lowered }) => brief(lowered))).toEqual([expected]);
    const ended = await change<Row>(database, 'expire_override', { by: SUPPORT, values: [id, null, 'done'] });
    expect(brief(await onRecord(ended.history_id))).toEqual(expected);
  });

  test('restoring an override that blocks needs the confirmation', async () => {
    const { id } = await create({ api: API, per_minute: 0, per_hour: 0, allow_lowering: true });
    await change(database, 'expire_override', { by: ADMIN, values: [id, null, 'done'] });
    const restore = (...more: string[]) =>
      database.pool.query(
        `SELECT * FROM rollgate.restore_override($1, NULL, NULL, 'again', ROW('staff:eve', 'admin', NULL, NULL)::rollgate.author${more.join('')})`,
        [id],
      );
    expect(brief(await refusal(restore()))).toEqual([
      [API, 'minute', 60, 0, 'blocked'],
      [API, 'hour', 1_800, 0, 'blocked'],
    ]);
    await restore(', true');
  });

  test('undoing a raise of an override needs the confirmation, undoing its creation does not', async () => {
    const made = await create({ api: API, per_minute: 100, per_hour: 2_000 });
    const raised = await changeTo(made.id, { per_minute: 200 });
    const undo = (id: string, allow: boolean) =>
      database.pool.query(
        `SELECT rollgate.undo($1, 'oops', ROW('staff:eve', 'admin', NULL, NULL)::rollgate.author, $2) AS id`,
        [id, allow],
      );
    expect(brief(await refusal(undo(raised.history_id, false)))).toEqual([[API, 'minute', 200, 100, 'lower']]);
    const undone = await undo(raised.history_id, true);
    const other = await create({ api: 'upload-file', per_minute: 100 });
    await undo(other.history_id, false);
    expect(brief(await onRecord(undone.rows[0].id))).toEqual([[API, 'minute', 200, 100, 'lower']]);
  });
});

describe('a limit request', () => {
  const ask = (spec: object, by: Who = CUSTOMER) =>
    change<Row>(database, 'ask_limit', { by, values: [{ account, api: API, reason: 'launch', ...spec }] });
  const approve = (id: string, changes: object = {}) =>
    change<Row>(database, 'decide_request', { by: SUPPORT, values: [id, null, true, changes, 'ok'] });

  test('approving a request below an override in force is rejected; limits that it leaves out stay', async () => {
    await create({ api: API, per_minute: 300, per_hour: 9_000 });
    const low = await ask({ per_minute: 100, until: inHours(24) });
    expect(brief(await refusal(approve(low.id)))).toEqual([[API, 'minute', 300, 100, 'lower']]);
    const { rows } = await database.pool.query('SELECT state FROM rollgate.limit_request WHERE id = $1', [low.id]);
    expect(rows).toEqual([{ state: 'open' }]);
    const high = await ask({ per_minute: 400, until: inHours(24) });
    await approve(high.id);
    expect(await limits()).toEqual([400, 9_000]);
    const { override_id } = await approve(low.id, { allow_lowering: true });
    expect([override_id, await limits()]).toEqual([expect.stringMatching(/^ovr_/), [100, 9_000]]);
  });

  test('a request for a factor creates an override with that factor, unless the approval sets limits instead', async () => {
    const first = await ask({ api: null, factor: 3, until: inHours(24) }, OTHER_SUPPORT);
    await approve(first.id);
    expect(await limits()).toEqual([180, 5_400]);
    const second = await ask({ factor: 8, until: inHours(24) }, OTHER_SUPPORT);
    await approve(second.id, { per_minute: 200 });
    expect(await limits()).toEqual([200, 5_400]);
  });

  test('approving a request whose end has passed needs another end', async () => {
    const { id } = await ask({ per_minute: 100, until: new Date(Date.now() + 600).toISOString() });
    await new Promise((resolve) => setTimeout(resolve, 700));
    await expect(approve(id)).rejects.toMatchObject({ code: 'RG422', message: expect.stringContaining('has passed') });
    await approve(id, { expires_at: inHours(1) });
  });
});

describe('default limits', () => {
  test('lowering default limits needs the confirmation', async () => {
    const edit = (changes: object) =>
      change<Row>(database, 'change_catalogue', { by: ADMIN, values: ['find-intent', null, changes, 'x', null] });
    expect(brief(await refusal(edit({ per_minute: 30 })))).toEqual([['find-intent', 'minute', 60, 30, 'lower']]);
    const { history_id } = await edit({ per_minute: 30, allow_lowering: true });
    expect(brief(await onRecord(history_id))).toEqual([['find-intent', 'minute', 60, 30, 'lower']]);
    await edit({ per_minute: null });
  });
});

describe('times', () => {
  test.each([
    'Dec 1',
    '2027-02-30T00:00:00Z',
    '2027-03-01',
    '2027-03-01T10:00:00',
    'tomorrow',
    'infinity',
    '0000-01-01T00:00:00Z',
    5,
  ])('the time %p is rejected with an example of a valid one', async (expires_at) => {
    const refused = { code: 'RG422', message: expect.stringContaining('is not a time like 2026-12-31T12:00:00Z') };
    await expect(create({ api: API, per_minute: 90, expires_at })).rejects.toMatchObject(refused);
    await expect(create({ api: API, per_minute: 90, starts_at: expires_at })).rejects.toMatchObject(refused);
    const { id } = await create({ api: API, per_minute: 90 });
    await expect(changeTo(id, { expires_at })).rejects.toMatchObject(refused);
    const ask = { account, api: API, per_minute: 90, reason: 'x', until: expires_at };
    await expect(change(database, 'ask_limit', { by: CUSTOMER, values: [ask] })).rejects.toMatchObject(refused);
  });

  test('times in the past are rejected', async () => {
    const past = expect.stringContaining('is in the past');
    await expect(create({ api: API, per_minute: 90, expires_at: inHours(-1) })).rejects.toMatchObject({
      message: past,
    });
    await expect(create({ api: API, per_minute: 90, starts_at: inHours(-1) })).rejects.toMatchObject({ message: past });
    const { id } = await create({ api: API, per_minute: 90, starts_at: inHours(2) });
    await expect(changeTo(id, { starts_at: inHours(-1) })).rejects.toMatchObject({ code: 'RG422' });
  });
});

describe('the internal account', () => {
  test('the internal account accepts no override and no request', async () => {
    const refused = { code: 'RG422', message: expect.stringContaining('belongs to Rollgate itself') };
    await expect(create({ account: '_rollgate', per_minute: 0 })).rejects.toMatchObject(refused);
    await expect(create({ account: '_rollgate', mode: 'shadow' })).rejects.toMatchObject(refused);
    const ask = { account: '_rollgate', per_minute: 600, reason: 'x' };
    await expect(change(database, 'ask_limit', { by: CUSTOMER, values: [ask] })).rejects.toMatchObject(refused);
  });
});

test('a change returns its own row of the history despite concurrent changes', async () => {
  const all = await Promise.all(
    Array.from({ length: 12 }, (_, i) => create({ api: API, per_minute: 100 + i, allow_lowering: true })),
  );
  const { rows } = await database.pool.query(
    `SELECT id, target FROM rollgate.history WHERE kind = 'override' AND account = $1`,
    [account],
  );
  expect(all.map(({ id, history_id }) => `${history_id} ${id}`).sort()).toEqual(
    rows.map(({ id, target }) => `${id} ${target}`).sort(),
  );
});
