/** Extra units: what they are added to, how they end, what replaces them, and who may grant how many. */
import { describe, expect, test } from '@jest/globals';
import { eventToWrite } from '@rollgate/testing';
import { writeEvents } from './event-rows.js';
import { ADMIN, change, inHours, SUPPORT, type Who } from './policy-author.js';
import { API, brief, refusal, usePolicyDesk } from './policy-desk.js';

const desk = usePolicyDesk({ author: SUPPORT });
const hour = { expires_at: inHours(1) };
const subject = (bot: string) => `${desk.account}/${API}/bot=${bot}`;

describe('extra units are added to what applies without them', () => {
  test.each<[string, object, [number, number]]>([
    ['the defaults', {}, [110, 2_300]],
    ['limits', { api: API, per_minute: 100, per_hour: 3_000 }, [150, 3_500]],
    ['a factor', { factor: 2 }, [170, 4_100]],
    ['a limit of 0, which stays', { per_hour: 0, allow_lowering: true }, [110, 0]],
    ['a limit near the largest', { api: API, per_minute: 100, per_hour: 999_999_999 }, [150, 1_000_000_000]],
  ])('%s', async (_, under, expected) => {
    if (Object.keys(under).length > 0) await desk.create({ ...under, ...hour }, ADMIN);
    await desk.create({ extra_minute: 50, extra_hour: 500, ...hour, allow_lowering: true }, ADMIN);
    expect(await desk.limits()).toEqual(expected);
  });

  test('one override applies: the most specific, among equals the newest, also for the window it leaves out', async () => {
    await desk.create({ extra_minute: 50, extra_hour: 500, ...hour });
    const add = (spec: object) => desk.create({ api: API, ...spec, ...hour, allow_lowering: true });
    await add({ extra_hour: 100 });
    expect(await desk.limits()).toEqual([60, 1_900]);
    await add({ extra_hour: 200 });
    expect(await desk.limits()).toEqual([60, 2_000]);
    await add({ subject: subject('b'), extra_minute: 1 });
    expect(await desk.limits(API, subject('b'))).toEqual([61, 1_800]);
    expect(await desk.limits()).toEqual([60, 2_000]);
  });

  test('a limit that a later override leaves out is kept without the extra units, which are added to it too', async () => {
    await desk.create({ api: API, extra_hour: 500, ...hour });
    expect(await desk.create({ api: API, per_minute: 90, ...hour })).toMatchObject({ per_minute: 90, per_hour: null });
    expect(await desk.limits()).toEqual([90, 2_300]);
  });
});

describe('what is refused', () => {
  test.each<[string, object]>([
    ['without an end', { extra_hour: 5, expires_at: null }],
    ['with limits', { extra_hour: 5, per_minute: 90, ...hour }],
    ['with a factor', { extra_minute: 5, factor: 2, ...hour }],
  ])('extra units %s', async (_, spec) => {
    await expect(desk.create({ api: API, ...spec }, ADMIN)).rejects.toMatchObject({ code: 'RG422' });
  });

  test.each([0, -5, 1_000_000_001])('%s extra units', async (extra_hour) => {
    const message = 'Extra units must be from 1 to 1,000,000,000.';
    await expect(desk.create({ api: API, extra_hour, ...hour }, ADMIN)).rejects.toMatchObject({
      code: 'RG422',
      message,
    });
  });

  test('a change to no end', async () => {
    const { id } = await desk.create({ api: API, extra_hour: 500, ...hour });
    const message = 'Extra units need an end date.';
    await expect(desk.changeTo(id, { expires_at: null }, ADMIN)).rejects.toMatchObject({ code: 'RG422', message });
  });
});

describe('extra units that fall need a confirmation', () => {
  test('fewer units, and a narrower or newer override with fewer', async () => {
    const { id } = await desk.create({ extra_minute: 50, extra_hour: 500, ...hour });
    const falls = (to: number) => [[API, 'hour', 2_300, to, 'lower']];
    expect(brief(await refusal(desk.create({ api: API, extra_minute: 50, extra_hour: 100, ...hour })))).toEqual(
      falls(1_900),
    );
    expect(brief(await refusal(desk.create({ api: API, extra_minute: 50, ...hour })))).toEqual(falls(1_800));
    expect(brief(await refusal(desk.changeTo(id, { extra_hour: 499 })))).toContainEqual(falls(2_299)[0]);
    expect(brief(await refusal(desk.changeTo(id, { extra_hour: null })))).toContainEqual(falls(1_800)[0]);
  });

  test('their early end is recorded with what falls, and an undo or a restore brings them back', async () => {
    const { id, version } = await desk.create({ api: API, extra_hour: 500, ...hour });
    const ended = await change<{ history_id: string; lowered: object[] }>(desk, 'expire_override', {
      by: SUPPORT,
      values: [id, version, 'enough'],
    });
    expect(ended.lowered).toMatchObject([{ api: API, window: 'hour', from: 2_300, to: 1_800 }]);
    expect(await desk.limits()).toEqual([60, 1_800]);
    await change(desk, 'undo', { by: SUPPORT, values: [ended.history_id, 'not yet'] });
    expect(await desk.limits()).toEqual([60, 2_300]);
    await change(desk, 'expire_override', { by: SUPPORT, values: [id, null, 'now'] });
    const again = change(desk, 'restore_override', { by: SUPPORT, values: [id, null, null, 'without end'] });
    await expect(again).rejects.toMatchObject({ code: 'RG422' });
    await change(desk, 'restore_override', { by: SUPPORT, values: [id, null, inHours(2), 'once more'] });
    expect(await desk.limits()).toEqual([60, 2_300]);
    const after = (await desk.history(id)).map((row) => row.after.extraHour);
    expect(after).toEqual([500, 500, 500, 500, 500]);
  });
});

test('limits, a factor and extra units replace each other in a change, and an undo brings the former back', async () => {
  const { id } = await desk.create({ api: API, extra_minute: 50, extra_hour: 500, ...hour });
  const none = { per_minute: null, per_hour: null, factor: null, extra_minute: null, extra_hour: null };
  expect(await desk.changeTo(id, { factor: 2 })).toMatchObject({ ...none, factor: '2' });
  expect(await desk.changeTo(id, { extra_minute: 60, extra_hour: 1_800 })).toMatchObject({
    ...none,
    extra_minute: 60,
    extra_hour: 1_800,
  });
  const limited = await desk.changeTo(id, { per_minute: 200, allow_lowering: true });
  expect(limited).toMatchObject({ ...none, per_minute: 200, per_hour: null });
  expect(await desk.limits()).toEqual([200, 1_800]);
  await change(desk, 'undo', { by: SUPPORT, values: [limited.history_id, 'back', true] }).catch(() => undefined);
  await expect(desk.changeTo(id, { extra_hour: 5, factor: 2 })).rejects.toMatchObject({ code: 'RG422' });
});

describe('approval limits (publish-bot: 60 a minute, 1,800 an hour by default)', () => {
  const refused = { code: 'RG403', message: expect.stringContaining('extra units included') };

  test.each<[string, object | undefined, object, Who, boolean]>([
    ['up to ten times the default', undefined, { extra_minute: 540 }, SUPPORT, true],
    ['above it', undefined, { extra_minute: 541 }, SUPPORT, false],
    ['above it, by an admin', undefined, { extra_minute: 541 }, ADMIN, true],
    ['above it, in the hour', undefined, { extra_hour: 16_201 }, SUPPORT, false],
    ['with the limits in force', { per_minute: 500, per_hour: 3_000 }, { extra_minute: 101 }, SUPPORT, false],
    ['within them', { per_minute: 500, per_hour: 3_000 }, { extra_minute: 100 }, SUPPORT, true],
    ['on a limit above it', { per_minute: 700, per_hour: 3_000 }, { extra_minute: 1 }, SUPPORT, false],
    [
      'on a limit that starts later',
      { per_minute: 500, starts_at: inHours(0.5) },
      { extra_minute: 101 },
      SUPPORT,
      false,
    ],
    ['limits on extra units', { extra_minute: 540 }, { per_minute: 61 }, SUPPORT, false],
    ['limits on the extra units of an admin', { extra_minute: 1_000 }, { per_minute: 61 }, SUPPORT, false],
    ['limits in the other window', { extra_minute: 1_000 }, { per_hour: 1_900 }, SUPPORT, true],
  ])('%s', async (_, before, spec, by, isAllowed) => {
    if (before !== undefined) await desk.create({ api: API, ...before, ...hour }, ADMIN);
    const trying = desk.create({ api: API, ...spec, ...hour }, by);
    if (isAllowed) await trying;
    else await expect(trying).rejects.toMatchObject(refused);
  });

  test('a subject with limits of its own counts in a wider grant, as does every API', async () => {
    await desk.create({ api: API, subject: subject('b'), per_minute: 600, ...hour });
    await expect(desk.create({ extra_minute: 1, ...hour })).rejects.toMatchObject(refused);
    await desk.create({ extra_hour: 1, ...hour });
    const { rows } = await desk.pool.query('SELECT min(per_minute) * 9 AS most FROM rollgate.least_default');
    desk.nextAccount();
    await desk.create({ extra_minute: rows[0].most, ...hour });
    await expect(desk.create({ extra_minute: rows[0].most + 1, ...hour })).rejects.toMatchObject(refused);
  });

  test('a plan counts together with the extra units that are added to it, in force or later', async () => {
    const plan = `plan-${desk.account}`;
    const limits = [{ api: API, per_minute: 100, per_hour: 3_000 }];
    await change(desk, 'create_plan', { by: ADMIN, values: [{ id: plan, limits, reason: 'r' }] });
    const assign = (by: Who) =>
      change(desk, 'assign_plan', {
        by,
        values: [{ account: desk.account, plan, ends_at: inHours(2), reason: 'r' }],
      });
    const { id } = await desk.create({ api: API, extra_minute: 501, starts_at: inHours(0.5), ...hour });
    await expect(assign(SUPPORT)).rejects.toMatchObject(refused);
    await desk.changeTo(id, { extra_minute: 500, allow_lowering: true });
    await assign(SUPPORT);
    expect(await desk.limits()).toEqual([100, 3_000]);
  });

  test('another role keeps its duration', async () => {
    await expect(desk.create({ extra_hour: 1, expires_at: inHours(31 * 24) })).rejects.toMatchObject({ code: 'RG403' });
  });
});

test('what applied then is known from the history, and the preview says what would apply', async () => {
  const { id } = await desk.create({ api: API, extra_hour: 500, ...hour });
  const { rows: now } = await desk.pool.query('SELECT clock_timestamp()::text AS at');
  await desk.changeTo(id, { extra_hour: 700 });
  const { rows } = await desk.pool.query('SELECT * FROM rollgate.limit_as_of($1, $2, $3, $4)', [
    desk.account,
    API,
    subject('b'),
    now[0].at,
  ]);
  expect(rows).toMatchObject([{ per_minute: 60, per_hour: 2_300, source: id }]);
  const preview = await desk.pool.query('SELECT rollgate.preview_override($1) AS p', [
    JSON.stringify({ account: desk.account, api: API, extra_minute: 10, ...hour }),
  ]);
  expect(preview.rows[0].p).toMatchObject({
    extraMinute: 10,
    extraHour: null,
    lowered: [{ window: 'hour', from: 2_500, to: 1_800 }],
    effects: [{ before: { perMinute: 60, perHour: 2_500, source: id }, after: { perMinute: 70, perHour: 1_800 } }],
  });
});

test('the audit views have the extra units, and their multiple of the default', async () => {
  const { id } = await desk.create({ api: API, extra_minute: 60, extra_hour: 900, ...hour });
  await desk.changeTo(id, { extra_hour: 1_800 });
  const columns = 'extra_minute, extra_hour, times_per_minute::float8, times_per_hour::float8';
  const inForce = await desk.pool.query(`SELECT ${columns} FROM rollgate_audit.overrides_in_force_v1 WHERE id = $1`, [
    id,
  ]);
  expect(inForce.rows).toEqual([{ extra_minute: 60, extra_hour: 1_800, times_per_minute: 2, times_per_hour: 2 }]);
  const history = await desk.pool.query(
    `SELECT extra_hour_before, ${columns} FROM rollgate_audit.override_history_v1 WHERE override_id = $1 ORDER BY id`,
    [id],
  );
  expect(history.rows).toEqual([
    { extra_hour_before: null, extra_minute: 60, extra_hour: 900, times_per_minute: 2, times_per_hour: 1.5 },
    { extra_hour_before: 900, extra_minute: 60, extra_hour: 1_800, times_per_minute: 2, times_per_hour: 2 },
  ]);
});

test('the explanation of a denial names the extra units in the limit', async () => {
  const { id } = await desk.create({ api: API, extra_hour: 500, ...hour });
  const { account } = desk;
  const event = { id: 'evt_extra', first_ms: Date.now(), account, subject: subject('b'), window_name: 'hour' };
  await writeEvents(desk.pool, [eventToWrite({ ...event, per_hour: 2_300, used: 2_300, source: id })]);
  const { rows } = await desk.pool.query('SELECT * FROM rollgate_audit.explain_denial($1)', ['evt_extra']);
  expect(rows).toMatchObject([{ override_extra_minute: null, override_extra_hour: 500, limit: 2_300 }]);
  expect(rows[0].sentence).toContain(`the limit is override ${id} (+500 per hour) by staff:ann`);
});
