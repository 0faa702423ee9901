/** Each error seeded into the SQL must break the rule that names it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { laneRules } from './lane-rules.js';
import { planRules } from './plan-rules.js';
import { rules } from './rules.js';
import { postgresStore } from './stores.js';

interface Mutant {
  name: string;
  /** The function whose body is changed, `acquire` by default. */
  routine?: string;
  from: string;
  to: string;
  /** The rule that must fail. */
  kills: string;
}

const MUTANTS: Mutant[] = [
  {
    name: 'the minute window covers 60 seconds instead of 61',
    routine: 'window_base',
    from: 'width_bucket((sec - 1)::smallint, secs)',
    to: 'width_bucket(sec, secs)',
    kills: 'units of the partly covered oldest second still count',
  },
  {
    name: 'the hour window covers 3,600 seconds instead of 3,601',
    routine: 'window_base',
    from: 'width_bucket((sec - 1)::smallint, secs)',
    to: 'width_bucket(sec, secs)',
    kills: 'units of the oldest second of the hour still count',
  },
  {
    name: 'the minute is fixed, and the previous minute is not counted',
    routine: 'acquire_cold',
    from: 'WHEN z.minute = z.m - 1 THEN z.start ELSE z.total END AS prev_start',
    to: 'ELSE z.total END AS prev_start',
    kills: 'a burst before the minute edge counts after it',
  },
  {
    name: 'the hour is fixed and begins with the first archived minute',
    routine: 'acquire_cold',
    from: 'coalesce(b.start, z.start) END AS hour_start',
    to: 'z.start END AS hour_start',
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
    from: 'g.granted * cost AS units',
    to: 'CASE WHEN g.granted = 0 AND cost <= per_minute - (total - minute_base) THEN cost ELSE g.granted * cost END AS units',
    kills: 'a call denied by one window spends nothing in the other',
  },
  {
    name: 'the hour is not checked',
    routine: 'acquire_cold',
    from: 'least(per_minute - (total - minute_base), per_hour - (total - hour_base))',
    to: '(per_minute - (total - minute_base))',
    kills: 'every call is denied when the hour is spent, even if the minute has room',
  },
  {
    name: 'the hour is not checked when all calls fit the minute',
    from: '<= i.per_hour',
    to: '<= i.per_hour + 1000000',
    kills: 'a call denied by one window spends nothing in the other',
  },
  {
    name: 'the minute is not checked when all calls fit the hour',
    from: '<= i.per_minute',
    to: '<= i.per_minute + 1000000',
    kills: 'a call that reaches the limit is allowed, and one more is denied',
  },
  {
    name: 'the clock may go back within the minute',
    from: 'AND c.secs[cardinality(c.secs)] <= v_sec',
    to: '',
    kills: 'a grant made while the clock is back counts as the newest grant',
  },
  {
    name: 'a grant is not counted in its second',
    from: 'c.sums[cardinality(c.sums)] + i.units',
    to: 'c.sums[cardinality(c.sums)]',
    kills: 'no real 60 s hold more than the limit, at any offset',
  },
  {
    name: 'the clock may go back',
    routine: 'acquire_cold',
    from: 'greatest(p_second, c.minute * 60 + c.secs[cardinality(c.secs)]) AS s',
    to: 'p_second AS s',
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
    from: '(sec - 1)::smallint',
    to: 'sec',
    kills: 'the reset time is that of the oldest second that counts, including the partly covered one',
  },
  {
    name: 'a refunded second is reported as the oldest one of the previous minute',
    routine: 'first_counted',
    from: 'width_bucket(coalesce(sums[width_bucket((sec - 1)::smallint, secs)], 0), sums)',
    to: 'width_bucket((sec - 1)::smallint, secs)',
    kills: 'the reset time is never that of a second whose units were refunded or reset',
  },
  {
    name: 'a second whose units were reset is reported as the oldest one',
    from: 'AND c.cleared <= c.hour_start',
    to: '',
    kills: 'the reset time is never that of a second whose units were refunded or reset',
  },
  {
    name: 'the retry time is when one unit is free, whatever the cost',
    routine: 'acquire_cold',
    from: 'THEN 61 + rollgate.second_of(d.lane, d.subject, total + units + cost - per_minute, m - 60)',
    to: 'THEN 61 + rollgate.second_of(d.lane, d.subject, minute_base + 1, m - 60)',
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
    from: 'array_agg(ord)',
    to: 'v_places[:count(*)]',
    kills: 'each item is answered with its own grants, whatever join Postgres uses',
  },
  {
    name: 'grants of new subjects are in the order of the batch and keys in the order of the plan',
    routine: 'acquire_cold',
    from: 'array_agg(a.granted)',
    to: '(SELECT array_agg(d.granted ORDER BY d.ord) FROM decided d)',
    kills: 'each new subject is answered with its own grants, whatever join Postgres uses',
  },
  {
    name: 'a subject that was granted at once may occur again in its batch',
    routine: 'acquire_cold',
    from: 'FROM unnest(p_subjects) AS i (subject)',
    to: 'FROM unnest(p_subjects) WITH ORDINALITY AS i (subject, ord) WHERE p_done IS NULL OR i.ord <> ALL (p_done)',
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
const original = new Map<string, string>();

beforeAll(async () => {
  database = await createTestDatabase();
  for (const routine of new Set(MUTANTS.map(({ routine = 'acquire' }) => routine))) {
    const { rows } = await database.pool.query<{ sql: string }>(
      `SELECT pg_get_functiondef(('rollgate.' || $1)::regproc) AS sql`,
      [routine],
    );
    original.set(routine, rows[0]?.sql as string);
  }
});
afterAll(() => database.drop());

const check = async (rule: string): Promise<void> => {
  const onStore = rules[rule];
  const onLane = laneRules[rule] ?? planRules[rule];
  if (onStore) await onStore(postgresStore(database));
  else if (onLane) await onLane(database.pool);
  else throw new RangeError(`no rule is called "${rule}"`);
};

describe.each(MUTANTS)('$name', ({ routine = 'acquire', from, to, kills }) => {
  test(`the mutant breaks the rule: ${kills}`, async () => {
    const sql = original.get(routine) as string;
    expect(sql.split(from)).toHaveLength(2); // must occur exactly once, otherwise the mutant is outdated
    await check(kills);
    await database.pool.query(sql.replace(from, to));
    try {
      // Accept an assertion or a session that never waits: both mean that the rule failed.
      await expect(check(kills)).rejects.toThrow(/expect\(|nobody waits|deadlock/);
    } finally {
      await database.pool.query(sql);
    }
  });
});
