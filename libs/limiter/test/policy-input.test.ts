/** What a change of limits may contain: factors, times, and accounts that customers own. */
import { describe, expect, test } from '@jest/globals';
import { ADMIN, CUSTOMER, change, inHours, SUPPORT, type Who } from './policy-author.js';
import { API, brief, refusal, usePolicyDesk } from './policy-desk.js';

const desk = usePolicyDesk();

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
    if (code === null) await desk.create(spec, by);
    else await expect(desk.create(spec, by)).rejects.toMatchObject({ code });
  });

  test('a factor follows an edit of the default', async () => {
    const api = 'export-bot-analytics';
    const known = await desk.pool.query(`SELECT api, version FROM rollgate.catalogue ORDER BY ord DESC LIMIT 1`);
    const target = known.rows[0]?.api ?? api;
    await desk.create({ api: target, factor: 2 });
    const [minute] = await desk.limits(target);
    const edit = { per_minute: minute, per_hour: 1_000_000 };
    await change(desk, 'change_catalogue', { by: ADMIN, values: [target, known.rows[0].version, edit, 'x', null] });
    expect(await desk.limits(target)).toEqual([minute * 2, 2_000_000]);
  });

  test('in a change, a factor and limits replace each other', async () => {
    const { id } = await desk.create({ api: API, factor: 2 });
    expect(await desk.changeTo(id, { per_minute: 200 })).toMatchObject({
      per_minute: 200,
      per_hour: 3_600,
      factor: null,
    });
    expect(brief(await refusal(desk.changeTo(id, { factor: 2 })))).toEqual([[API, 'minute', 200, 120, 'lower']]);
    expect(await desk.changeTo(id, { factor: 4 })).toMatchObject({ per_minute: null, per_hour: null, factor: '4' });
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
    await expect(desk.create({ api: API, per_minute: 90, expires_at })).rejects.toMatchObject(refused);
    await expect(desk.create({ api: API, per_minute: 90, starts_at: expires_at })).rejects.toMatchObject(refused);
    const { id } = await desk.create({ api: API, per_minute: 90 });
    await expect(desk.changeTo(id, { expires_at })).rejects.toMatchObject(refused);
    const ask = { account: desk.account, api: API, per_minute: 90, reason: 'x', until: expires_at };
    await expect(change(desk, 'ask_limit', { by: CUSTOMER, values: [ask] })).rejects.toMatchObject(refused);
  });

  test('times in the past are rejected', async () => {
    const past = expect.stringContaining('is in the past');
    await expect(desk.create({ api: API, per_minute: 90, expires_at: inHours(-1) })).rejects.toMatchObject({
      message: past,
    });
    await expect(desk.create({ api: API, per_minute: 90, starts_at: inHours(-1) })).rejects.toMatchObject({
      message: past,
    });
    const { id } = await desk.create({ api: API, per_minute: 90, starts_at: inHours(2) });
    await expect(desk.changeTo(id, { starts_at: inHours(-1) })).rejects.toMatchObject({ code: 'RG422' });
  });
});

describe('the internal account', () => {
  test('the internal account accepts no override and no request', async () => {
    const refused = { code: 'RG422', message: expect.stringContaining('belongs to Rollgate itself') };
    await expect(desk.create({ account: '_rollgate', per_minute: 0 })).rejects.toMatchObject(refused);
    await expect(desk.create({ account: '_rollgate', mode: 'shadow' })).rejects.toMatchObject(refused);
    const ask = { account: '_rollgate', per_minute: 600, reason: 'x' };
    await expect(change(desk, 'ask_limit', { by: CUSTOMER, values: [ask] })).rejects.toMatchObject(refused);
  });
});

test('a change returns its own row of the history despite concurrent changes', async () => {
  const all = await Promise.all(
    Array.from({ length: 12 }, (_, i) => desk.create({ api: API, per_minute: 100 + i, allow_lowering: true })),
  );
  const { rows } = await desk.pool.query(
    `SELECT id, target FROM rollgate.history WHERE kind = 'override' AND account = $1`,
    [desk.account],
  );
  expect(all.map(({ id, history_id }) => `${history_id} ${id}`).sort()).toEqual(
    rows.map(({ id, target }) => `${id} ${target}`).sort(),
  );
});
