/** Usage by hour and by day: the rules, each with the errors that must break it, and what the service relies on. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, eventToWrite, type TestDatabase } from '@rollgate/testing';
import { writeEvents } from './event-rows.js';
import { withMutant } from './mutant.js';
import { rollUpRules } from './roll-up-rules.js';
import { forgetEverything, rollUp, step } from './usage-log.js';

const NOW = Date.UTC(2026, 2, 10, 12, 2);
const DAY = 86_400_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => forgetEverything(database.pool));

test.each(Object.keys(rollUpRules))('%s', (name) => rollUpRules[name]?.(database.pool));

interface Mutant {
  readonly name: string;
  readonly routine: string;
  readonly from: string;
  readonly to: string;
  /** The rule that must fail. */
  readonly kills: string;
}

const EVERY_SUBJECT = 'an hour holds the units of every subject, on whatever page and in whichever table';
const PEAKS = 'peaks are those of the rolling windows, which begin in the hour before';
const REFUNDS = 'a refund is taken off once, before, during and after the roll-up of its hour';
const LATE = 'events that arrive late are added up, in the hour and in the day';
const ONCE = 'an event that arrives while its hour is added up counts once';

const MUTANTS: readonly Mutant[] = [
  {
    name: 'minutes that are still in a head row are left out',
    routine: 'roll_up_units',
    from: 'FROM rollgate.minutes_on_record m',
    to: 'FROM rollgate.bucket m',
    kills: EVERY_SUBJECT,
  },
  {
    name: 'a page replaces what the page before it found',
    routine: 'roll_up_units',
    from: 'WHEN u.series = v_continued THEN u.admitted ELSE',
    to: 'WHEN false THEN u.admitted ELSE',
    kills: EVERY_SUBJECT,
  },
  {
    name: 'the peak of a minute is that of 60 seconds',
    routine: 'roll_up_units',
    from: "window_buckets('minute') - 1",
    to: "window_buckets('minute') - 2",
    kills: PEAKS,
  },
  {
    name: 'the windows do not reach into the hour before',
    routine: 'roll_up_units',
    from: 'm.subject <= v_to AND m.minute BETWEEN v_minute - 60',
    to: 'm.subject <= v_to AND m.minute BETWEEN v_minute',
    kills: PEAKS,
  },
  {
    name: 'decisions that are under way are not waited for',
    routine: 'lane_holders',
    from: 'l.classid = 7605',
    to: 'l.classid = 1',
    kills: 'a decision that is under way at the end of the hour is waited for',
  },
  {
    name: 'the lanes may go back in time',
    routine: 'seal_hour',
    from: 'FROM generate_series(0, 63) g',
    to: 'FROM generate_series(0, -1) g',
    kills: 'no unit is counted in a sealed hour, even if the clock steps back',
  },
  {
    name: 'an hour is sealed although its events are being written',
    routine: 'seal_hour',
    from: 'IF NOT pg_try_advisory_xact_lock',
    to: 'IF NOT pg_try_advisory_xact_lock_shared',
    kills: 'an hour is not sealed while its events are being written',
  },
  {
    name: 'late events are not noted',
    routine: 'write_events',
    from: 'w.first_at < r.sealed_to',
    to: 'false',
    kills: LATE,
  },
  {
    name: 'the denials of an hour are added to those of the first time',
    routine: 'roll_up_denials',
    from: 'DELETE FROM rollgate.denial_hour d WHERE d.hour = p_hour;',
    to: '',
    kills: LATE,
  },
  {
    name: 'a day is added up once only',
    routine: 'end_hour',
    from: 'IF v_day <',
    to: 'IF v.hour = v.rolled_to AND v_day <',
    kills: LATE,
  },
  {
    name: 'late events are forgotten when the hour is complete',
    routine: 'roll_up_denials',
    from: 'RETURN v_to;',
    to: 'DELETE FROM rollgate.usage_late l WHERE l.hour = p_hour; RETURN v_to;',
    kills: ONCE,
  },
  {
    name: 'a part of an hour replaces the part before it',
    routine: 'roll_up_denials',
    from: 'calls = d.calls + excluded.calls',
    to: 'calls = excluded.calls',
    kills: ONCE,
  },
  {
    name: 'refunds of rolled hours are not noted',
    routine: 'refund',
    from: 'r.sealed_to >',
    to: 'r.sealed_to <',
    kills: REFUNDS,
  },
  {
    name: 'refunds that the counters contain already are taken off again',
    routine: 'roll_up_units',
    from: 'WHERE f.lane = p_lane',
    to: 'WHERE false AND f.lane = p_lane',
    kills: REFUNDS,
  },
  {
    name: 'the sweep does not know of the roll-up',
    routine: 'sweep',
    from: 'v_kept := coalesce(v_kept, v_second / 60);',
    to: 'v_kept := v_second / 60;',
    kills: 'no minute is removed before it is added up',
  },
  {
    name: 'the last hour of a day is missing in the day',
    routine: 'roll_up_day',
    from: 'h.hour < v_end',
    to: `h.hour < v_end - interval '1 hour'`,
    kills: 'a day is the sum of its hours',
  },
];

describe.each(MUTANTS)('$name', ({ routine, from, to, kills }) => {
  test(`the mutant breaks the rule: ${kills}`, async () => {
    await withMutant(database.pool, { routine, from, to }, async () => {
      await expect(rollUpRules[kills]?.(database.pool)).rejects.toThrow(/expect\(/);
    });
  });
});

test('after a downtime every hour is added up, and then there is nothing to do', async () => {
  await step(database.pool, { nowMs: NOW - 3 * DAY });
  const done = await rollUp(database.pool, { nowMs: NOW });
  expect(done.filter((did) => did.startsWith('sealed'))).toHaveLength(3 * 24);
  expect(await step(database.pool, { nowMs: NOW })).toMatchObject({ did: null, held_up: false });
});

test('two services at once add up each hour once', async () => {
  await step(database.pool, { nowMs: NOW - DAY });
  const both = await Promise.all([rollUp(database.pool, { nowMs: NOW }), rollUp(database.pool, { nowMs: NOW })]);
  const hours = both.flat().filter((did) => did.startsWith('sealed'));
  expect(new Set(hours).size).toBe(hours.length);
  expect(hours).toHaveLength(24);
});

test('a roll-up that begins takes the denials that are on record, also of days whose minutes are gone', async () => {
  const { rows } = await database.pool.query<{ at: Date }>('SELECT clock_timestamp() AS at');
  const at = (rows[0]?.at.getTime() ?? 0) - 5 * DAY;
  await writeEvents(database.pool, [
    eventToWrite({ id: 'old', window_name: 'hour', cost: 2, mode: 'shadow', first_ms: at, count: 3, units: 6 }),
  ]);
  await rollUp(database.pool, { nowMs: at + 2 * DAY });
  const usage = await database.pool.query('SELECT shadow::int, denied::int FROM rollgate_audit.usage_by_day_v1');
  expect(usage.rows).toEqual([{ shadow: 6, denied: 0 }]);
});

test('usage names the plan that was assigned to the account at the start of the hour and of the day', async () => {
  const start = Math.floor(NOW / DAY) * DAY;
  const at = (hours: number) => new Date(start + hours * 3_600_000);
  await database.pool.query(
    `INSERT INTO rollgate.plan (id, title, created_by, created_at, changed_by, changed_at, changed_in)
     SELECT p.id, p.id, 'staff:eve', now(), 'staff:eve', now(), 0 FROM (VALUES ('pro'), ('free')) AS p (id)`,
  );
  await database.pool.query(
    `INSERT INTO rollgate.plan_assignment (id, account, plan, starts_at, ends_at, reason, created_by, created_at, changed_at, changed_in)
     SELECT a.id, 'acme', a.plan, a.starts_at, a.ends_at, 'contract', 'staff:eve', now(), now(), 0
     FROM (VALUES ('asg_1', 'pro', $1::timestamptz, $2::timestamptz), ('asg_2', 'free', $2, NULL)) AS a (id, plan, starts_at, ends_at)`,
    [at(0), at(2.5)],
  );
  await step(database.pool, { nowMs: start });
  await writeEvents(
    database.pool,
    ['acme', 'globex'].flatMap((account) =>
      [0.1, 1, 2.6, 3].map((hours) =>
        eventToWrite({
          id: `${account} ${hours}`,
          account,
          subject: `${account}/publish-bot/bot=b`,
          first_ms: at(hours).getTime(),
        }),
      ),
    ),
  );
  await rollUp(database.pool, { nowMs: start + 2 * DAY });
  const plansOf = async (view: string, account: string) => {
    const found = await database.pool.query(`SELECT plan FROM rollgate_audit.${view} WHERE account = $1 ORDER BY 1`, [
      account,
    ]);
    return found.rows.map(({ plan }) => plan);
  };
  expect(await plansOf('usage_by_hour_v1', 'acme')).toEqual(['free', 'pro', 'pro', 'pro']);
  expect(await plansOf('usage_by_day_v1', 'acme')).toEqual(['pro']);
  expect(await plansOf('usage_by_hour_v1', 'globex')).toEqual(['', '', '', '']);
});

test('months past retention are dropped, and a session that reads one is not waited for', async () => {
  await step(database.pool, { nowMs: NOW });
  await rollUp(database.pool, { nowMs: NOW });
  await database.pool.query(`BEGIN; SET LOCAL ROLE rollgate_owner;
    SELECT rollgate.make_usage_month('2025-12-24 12:00+00'), rollgate.make_usage_month('2026-02-28 23:59+00'); COMMIT`);
  const months = async () =>
    (
      await database.pool.query<{ name: string }>(
        `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'rollgate.usage_hour'::regclass ORDER BY 1`,
      )
    ).rows.map(({ name }) => name);
  expect(await months()).toEqual(
    expect.arrayContaining(['usage_hour_202512', 'usage_hour_202602', 'usage_hour_202603']),
  );
  const reader = await database.pool.connect();
  try {
    await reader.query('BEGIN; SELECT FROM rollgate.usage_hour, rollgate.denial_hour');
    expect(await step(database.pool, { nowMs: NOW, keepDays: 7 })).toMatchObject({ did: null, held_up: true });
  } finally {
    await reader.query('COMMIT');
    reader.release();
  }
  await rollUp(database.pool, { nowMs: NOW, keepDays: 10 });
  expect(await months()).toEqual(expect.arrayContaining(['usage_hour_202602', 'usage_hour_202603']));
  await rollUp(database.pool, { nowMs: NOW, keepDays: 9 });
  expect((await months()).filter((name) => name < 'usage_hour_202603')).toEqual([]);
});

test('where the roll-up has not run for a day, the sweep removes what is not added up, and reports it', async () => {
  const sweep = async (at: number) =>
    (
      await database.pool.query(`SELECT heads, unrolled FROM rollgate.sweep(1, '', '', 0, 1000, 3661, $1)`, [
        new Date(at),
      ])
    ).rows[0];
  await step(database.pool, { nowMs: NOW });
  await database.pool.query(
    `SELECT FROM rollgate.acquire(ARRAY[1], ARRAY['acme/publish-bot/bot=b'], ARRAY[1], ARRAY[1], ARRAY[9], ARRAY[9], $1)`,
    [new Date(NOW)],
  );
  expect(await sweep(NOW + DAY)).toEqual({ heads: 0, unrolled: 0 });
  expect(await sweep(NOW + DAY + 61_000)).toEqual({ heads: 1, unrolled: 1 });
});
