/** A new override is compared, in SQL, with the limits in force: lowering a limit needs a confirmation. */
import { describe, expect, test } from '@jest/globals';
import { inHours, SUPPORT } from './policy-author.js';
import { API, brief, refusal, usePolicyDesk } from './policy-desk.js';

const desk = usePolicyDesk();

describe('a new override', () => {
  test('a new override over one in force keeps the hour limit that it leaves out', async () => {
    await desk.create({ api: API, per_minute: 300, per_hour: 9_000, expires_at: inHours(48) });
    expect(await desk.create({ api: API, per_minute: 400, expires_at: inHours(24) }, SUPPORT)).toMatchObject({
      per_hour: 9_000,
    });
    expect(await desk.limits()).toEqual([400, 9_000]);
    expect(await desk.create({ api: API, per_hour: 10_000, expires_at: inHours(24) }, SUPPORT)).toMatchObject({
      per_minute: 400,
    });
  });

  test('a new override without one in force follows the default for the hour it leaves out, also after an edit', async () => {
    expect(await desk.create({ api: API, per_minute: 300 })).toMatchObject({ per_hour: null });
  });

  test('a new override below one in force is rejected with the lowered limits; with a confirmation it is created and recorded', async () => {
    await desk.create({ api: API, per_minute: 300, per_hour: 9_000 });
    const down = { api: API, per_minute: 120, per_hour: 3_600, expires_at: inHours(24) };
    const expected = [
      [API, 'minute', 300, 120, 'lower'],
      [API, 'hour', 9_000, 3_600, 'lower'],
    ];
    expect(brief(await refusal(desk.create(down, SUPPORT)))).toEqual(expected);
    expect(await desk.limits()).toEqual([300, 9_000]);
    const { history_id } = await desk.create({ ...down, allow_lowering: true }, SUPPORT);
    expect(await desk.limits()).toEqual([120, 3_600]);
    expect(brief(await desk.loweredOnRecord(history_id))).toEqual(expected);
  });

  test('null instead of a limit means the default, which may be lower', async () => {
    await desk.create({ api: API, per_minute: 300, per_hour: 9_000 });
    expect(brief(await refusal(desk.create({ api: API, per_minute: 400, per_hour: null })))).toEqual([
      [API, 'hour', 9_000, 1_800, 'lower'],
    ]);
  });

  test('an override of the whole account at the lowest default lists every API with a higher limit', async () => {
    const { rows } = await desk.pool.query<{ api: string; per_minute: number; per_hour: number }>(
      `SELECT api, shipped_per_minute AS per_minute, shipped_per_hour AS per_hour FROM rollgate.catalogue
       WHERE shipped_per_minute > 120 OR shipped_per_hour > 3600 ORDER BY ord`,
    );
    expect(rows.length).toBeGreaterThan(0);
    const lowered = await refusal(desk.create({ per_minute: 120, per_hour: 3_600 }));
    expect(brief(lowered)).toEqual(
      rows.flatMap(({ api, per_minute, per_hour }) => [
        ...(per_minute > 120 ? [[api, 'minute', per_minute, 120, 'lower']] : []),
        ...(per_hour > 3_600 ? [[api, 'hour', per_hour, 3_600, 'lower']] : []),
      ]),
    );
    await desk.create({ factor: 2 });
    expect(await desk.limits()).toEqual([120, 3_600]);
    expect(await desk.limits(rows[0]?.api)).toEqual([(rows[0]?.per_minute ?? 0) * 2, (rows[0]?.per_hour ?? 0) * 2]);
  });

  test('a new override lowers nothing for an API whose own override takes precedence', async () => {
    await desk.create({ api: API, per_minute: 6_000, per_hour: 60_000 });
    expect(await refusal(desk.create({ factor: 2 }))).toBeUndefined();
    expect(await desk.limits()).toEqual([6_000, 60_000]);
  });

  test('an override of one API over a factor of the account keeps the product for the hour it leaves out', async () => {
    await desk.create({ factor: 5 });
    expect(await desk.create({ api: API, per_minute: 400 })).toMatchObject({ per_minute: 400, per_hour: 9_000 });
    expect(brief(await refusal(desk.create({ factor: 2 })))).toContainEqual([
      'upload-file',
      'minute',
      300,
      120,
      'lower',
    ]);
  });

  test('an override of one subject is compared with the limits of that subject', async () => {
    const subject = `${desk.account}/${API}/bot=b`;
    await desk.create({ api: API, subject, per_minute: 500, per_hour: 9_000 });
    await desk.create({ api: API, per_minute: 100, per_hour: 2_000 });
    expect(brief(await refusal(desk.create({ api: API, subject, per_minute: 200 })))).toEqual([
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
    expect(brief(await refusal(desk.create({ api: API, ...spec })))).toEqual(expected);
    await desk.create({ api: API, ...spec, allow_lowering: true });
  });

  test('an override with a later start is compared with the limits in force then', async () => {
    await desk.create({ api: API, per_minute: 300, per_hour: 9_000, starts_at: inHours(10), expires_at: inHours(20) });
    const [from, to] = [inHours(5), inHours(30)];
    expect(
      await refusal(
        desk.create({ api: API, per_minute: 120, per_hour: 3_600, starts_at: from, expires_at: inHours(9) }),
      ),
    ).toBeUndefined();
    const lowered = await refusal(
      desk.create({ api: API, per_minute: 120, per_hour: 3_600, starts_at: from, expires_at: to }),
    );
    expect(brief(lowered)).toEqual([
      [API, 'minute', 300, 120, 'lower'],
      [API, 'hour', 9_000, 3_600, 'lower'],
    ]);
    expect(Math.abs(Date.parse(lowered?.[0]?.at ?? '') - Date.parse(inHours(10)))).toBeLessThan(60_000);
    expect(lowered?.[0]?.text).toMatch(/^publish-bot falls from 300 to 120 in any 60 s, from \d{4}-.* UTC on$/);
  });

  test('an override that only sets a mode lowers nothing', async () => {
    await desk.create({ api: API, per_minute: 300 });
    expect(await refusal(desk.create({ mode: 'shadow' }))).toBeUndefined();
  });

  test('an override keeps a limit above its author’s approval limit only as long as the limit it came from', async () => {
    await desk.create({ api: API, per_minute: 61, per_hour: 100_000, expires_at: inHours(10) });
    await expect(desk.create({ api: API, per_minute: 100, expires_at: inHours(20) }, SUPPORT)).rejects.toMatchObject({
      code: 'RG403',
    });
    expect(await desk.create({ api: API, per_minute: 100, expires_at: inHours(5) }, SUPPORT)).toMatchObject({
      per_hour: 100_000,
    });
  });
});
