/** Each error seeded into the SQL must break the rule that names it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { laneRules } from './lane-rules.js';
import { withMutant } from './mutant.js';
import { planRules } from './plan-rules.js';
import { rules } from './rules.js';
import { pairedStore, postgresStore } from './stores.js';

interface Mutant {
  name: string;
  /** The function whose body is changed, `acquire` by default. */
  routine?: string;
  from: string;
  to: string;
  /** Each item is decided in a batch with another subject. */
  paired?: boolean;
  /** The rule that must fail. */
  kills: string;
}

const MUTANTS: Mutant[] = [
  {
    name: 'a unit leaves the minute window one second early',
    routine: 'window_buckets',
    from: 'ELSE 61',
    to: 'ELSE 60',
    kills: 'the reset time is that of the oldest second that counts, including the partly covered one',
  },
  {
    name: 'a unit leaves the hour window one second early',
    routine: 'window_buckets',
    from: 'THEN 3601',
    to: 'THEN 3600',
    kills: 'the reset time is that of the oldest second that counts, including the partly covered one',
  },
  {
    name: 'both windows allow one unit more',
    routine: 'free_units',
    from: '- p_total',
    to: '- p_total + 1',
    kills: 'a call that reaches the limit is allowed, and one more is denied',
  },
  {
    name: 'the wider of both limits applies',
    routine: 'free_units',
    from: 'least(',
    to: 'greatest(',
    kills: 'a call denied by one window spends nothing in the other',
  },
  {
    name: 'the minute window covers 60 seconds instead of 61',
    routine: 'units_until',
    from: 'width_bucket(sec, secs)',
    to: 'width_bucket((sec + 1)::smallint, secs)',
    kills: 'units of the partly covered oldest second still count',
  },
  {
    name: 'the hour window covers 3,600 seconds instead of 3,601',
    routine: 'units_until',
    from: 'width_bucket(sec, secs)',
    to: 'width_bucket((sec + 1)::smallint, secs)',
    kills: 'units of the oldest second of the hour still count',
  },
  {
    name: 'the minute is fixed, and the previous minute is not counted',
    routine: 'acquire_cold',
    from: 'WHEN old_minute = found.minute - 1 THEN old_start ELSE total END AS prev_start',
    to: 'ELSE total END AS prev_start',
    kills: 'a burst before the minute edge counts after it',
  },
  {
    name: 'the hour is fixed and begins with the first archived minute',
    routine: 'acquire_cold',
    from: 'coalesce(first_archived.start, old_start) END AS hour_start',
    to: 'old_start END AS hour_start',
    kills: 'every call is denied when the hour is spent, even if the minute has room',
  },
  {
    name: 'the time is read before the lane is locked',
    from: 'coalesce(p_now, clock_timestamp())',
    to: 'coalesce(p_now, statement_timestamp())',
    kills: 'the clock is read after the lane lock',
  },
  {
    name: 'the lane is not locked',
    routine: 'enter_lanes',
    from: 'PERFORM pg_advisory_xact_lock(7605, sorted.l) FROM (SELECT DISTINCT l FROM unnest(p_lanes) l ORDER BY l) sorted;',
    to: 'NULL;',
    kills: 'a lane runs one batch at a time, and the next one counts what the first granted',
  },
  {
    name: 'lanes are locked in the order of the batch',
    routine: 'enter_lanes',
    from: 'SELECT DISTINCT l FROM unnest(p_lanes) l ORDER BY l',
    to: 'SELECT l FROM unnest(p_lanes) l',
    kills: 'batches that share lanes do not deadlock',
  },
  {
    name: 'the windows are spent one after the other',
    routine: 'acquire_cold',
    from: 'fitting.granted * cost AS units',
    to: 'CASE WHEN fitting.granted = 0 AND cost <= per_minute - (total - minute_base) THEN cost ELSE fitting.granted * cost END AS units',
    kills: 'a call denied by one window spends nothing in the other',
  },
  {
    name: 'the hour is not checked',
    routine: 'acquire_cold',
    from: 'minute_base, per_minute, hour_base, per_hour)',
    to: 'minute_base, per_minute, minute_base, per_minute)',
    kills: 'every call is denied when the hour is spent, even if the minute has room',
  },
  {
    name: 'the hour is not checked when all calls fit the minute',
    routine: 'fits_at_once',
    from: 'rollgate.hour_base(head, before), per_hour)',
    to: 'rollgate.hour_base(head, before), per_hour + 1000000)',
    kills: 'a call denied by one window spends nothing in the other',
  },
  {
    name: 'the minute is not checked when all calls fit the hour',
    routine: 'fits_at_once',
    from: 'rollgate.minute_base(head, before), per_minute,',
    to: 'rollgate.minute_base(head, before), per_minute + 1000000,',
    kills: 'a call that reaches the limit is allowed, and one more is denied',
  },
  {
    name: 'the clock may go back within the minute',
    routine: 'fits_at_once',
    from: 'AND head.secs[cardinality(head.secs)] <= sec',
    to: '',
    kills: 'a grant made while the clock is back counts as the newest grant',
  },
  {
    name: 'a grant of a batch is not counted in its second',
    from: 'head.sums[cardinality(head.sums)] + asked.units',
    to: 'head.sums[cardinality(head.sums)]',
    paired: true,
    kills: 'no real 60 s hold more than the limit, at any offset',
  },
  {
    name: 'a grant of a single item is not counted in its second',
    from: 'head.sums[cardinality(head.sums)] + v_units',
    to: 'head.sums[cardinality(head.sums)]',
    kills: 'no real 60 s hold more than the limit, at any offset',
  },
  {
    name: 'the clock may go back',
    routine: 'acquire_cold',
    from: 'greatest(p_second, head.minute * 60 + head.secs[cardinality(head.secs)]) AS second',
    to: 'p_second AS second',
    kills: 'a clock that goes back does not move the window',
  },
  {
    name: 'a part of a cost is granted',
    routine: 'acquire_cold',
    from: '/ cost))::int',
    to: '/ 1))::int',
    kills: 'a cost is granted completely or not at all',
  },
  {
    name: 'a reset is forgotten',
    routine: 'window_base',
    from: 'greatest(cleared, start',
    to: 'greatest(0, start',
    kills: 'a reset empties both windows, and no unit comes back',
  },
  {
    name: 'the oldest second is reported as gone while it counts',
    routine: 'first_counted',
    from: 'units_until(secs, sums, before)',
    to: 'units_until(secs, sums, (before + 1)::smallint)',
    kills: 'the reset time is that of the oldest second that counts, including the partly covered one',
  },
  {
    name: 'a refunded second is reported as the oldest one of the previous minute',
    routine: 'first_counted',
    from: 'width_bucket(rollgate.units_until(secs, sums, before), sums)',
    to: 'width_bucket(before, secs)',
    kills: 'the reset time is never that of a second whose units were refunded or reset',
  },
  {
    name: 'a second whose units were reset is reported as the oldest one',
    routine: 'fits_at_once',
    from: 'AND head.cleared <= head.hour_start',
    to: '',
    kills: 'the reset time is never that of a second whose units were refunded or reset',
  },
  {
    name: 'the retry time is when one unit is free, whatever the cost',
    routine: 'acquire_cold',
    from: 'rollgate.second_of(lane, subject, leaving.minute_unit, minute - 60)',
    to: 'rollgate.second_of(lane, subject, minute_base + 1, minute - 60)',
    kills: 'the retry time is when the whole cost fits, not when one unit fits',
  },
  {
    name: 'grants are in the order of the batch and keys in the order of the plan',
    from: 'array_agg(calls)',
    to: 'p_calls[:count(*)]',
    kills: 'each item is answered with its own grants, whatever join Postgres uses',
  },
  {
    name: 'keys are in the order of the batch and grants in the order of the plan',
    from: 'array_agg(place)',
    to: 'v_places[:count(*)]',
    kills: 'each item is answered with its own grants, whatever join Postgres uses',
  },
  {
    name: 'grants of new subjects are in the order of the batch and keys in the order of the plan',
    routine: 'acquire_cold',
    from: 'array_agg(answered.granted)',
    to: '(SELECT array_agg(d.granted ORDER BY d.place) FROM decided d)',
    kills: 'each new subject is answered with its own grants, whatever join Postgres uses',
  },
  {
    name: 'a subject that was granted at once may occur again in its batch',
    routine: 'acquire_cold',
    from: 'FROM unnest(p_subjects) AS asked (subject)',
    to: 'FROM unnest(p_subjects) WITH ORDINALITY AS asked (subject, place) WHERE p_done IS NULL OR asked.place <> ALL (p_done)',
    kills: 'a batch that contains a subject twice is rejected, even if all its calls could be granted',
  },
  {
    name: 'the clock rounds up into the next second',
    from: 'floor(extract(epoch FROM v_now) * 1000)',
    to: 'extract(epoch FROM v_now) * 1000',
    kills: 'a decision in the last half millisecond of a second belongs to that second',
  },
];

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const check = async (rule: string, paired: boolean): Promise<void> => {
  const onStore = rules[rule];
  const onLane = laneRules[rule] ?? planRules[rule];
  if (onStore) await onStore(paired ? pairedStore(database) : postgresStore(database));
  else if (onLane) await onLane(database.pool);
  else throw new RangeError(`no rule is called "${rule}"`);
};

describe.each(MUTANTS)('$name', ({ routine = 'acquire', from, to, paired = false, kills }) => {
  test(`the mutant breaks the rule: ${kills}`, async () => {
    await check(kills, paired);
    await withMutant(database.pool, { routine, from, to }, async () => {
      // Each of these means that the rule failed: an assertion, a session that never waits, a second head of a subject.
      await expect(check(kills, paired)).rejects.toThrow(/expect\(|still not true|deadlock|duplicate key/);
    });
  });
});
