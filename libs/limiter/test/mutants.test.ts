/** Each way to get the rule wrong, seeded into the SQL, must break the rule that names it. */
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
  /** The test that must fail. */
  kills: string;
}

const MUTANTS: Mutant[] = [
  {
    name: '60 buckets instead of 61',
    routine: 'window_base',
    from: 'width_bucket((sec - 1)::smallint, secs)',
    to: 'width_bucket(sec, secs)',
    kills: 'units of the partly covered oldest second still count',
  },
  {
    name: '3,600 buckets instead of 3,601',
    routine: 'window_base',
    from: 'width_bucket((sec - 1)::smallint, secs)',
    to: 'width_bucket(sec, secs)',
    kills: 'units of the oldest second of the hour still count',
  },
  {
    name: 'a fixed minute: the minute before is forgotten',
    routine: 'acquire_cold',
    from: 'WHEN z.minute = z.m - 1 THEN z.start ELSE z.total END AS prev_start',
    to: 'ELSE z.total END AS prev_start',
    kills: 'a burst before the minute edge counts after it',
  },
  {
    name: 'a fixed hour: the hour begins with the first bucket kept',
    routine: 'acquire_cold',
    from: 'coalesce(b.start, z.start) END AS hour_start',
    to: 'z.start END AS hour_start',
    kills: 'the hour is spent: everything is denied, whatever the minute says',
  },
  {
    name: 'now() before the lock',
    from: 'coalesce(p_now, clock_timestamp())',
    to: 'coalesce(p_now, statement_timestamp())',
    kills: 'the clock is read after the lane lock',
  },
  {
    name: 'no lock',
    routine: 'enter_lanes',
    from: 'PERFORM pg_advisory_xact_lock(7605, sorted.l) FROM (SELECT DISTINCT l FROM unnest(p_lanes) l ORDER BY l) sorted;',
    to: 'NULL;',
    kills: 'one batch in a lane at a time, and the next one counts what the first granted',
  },
  {
    name: 'lanes locked as they come',
    routine: 'enter_lanes',
    from: 'SELECT DISTINCT l FROM unnest(p_lanes) l ORDER BY l',
    to: 'SELECT l FROM unnest(p_lanes) l',
    kills: 'batches that share lanes do not wait for each other in a circle',
  },
  {
    name: 'windows spent one after another',
    routine: 'acquire_cold',
    from: 'g.granted * cost AS units',
    to: 'CASE WHEN g.granted = 0 AND cost <= per_minute - (total - minute_base) THEN cost ELSE g.granted * cost END AS units',
    kills: 'a call denied by one window spends nothing in the other',
  },
  {
    name: 'the hour is not asked',
    routine: 'acquire_cold',
    from: 'least(per_minute - (total - minute_base), per_hour - (total - hour_base))',
    to: '(per_minute - (total - minute_base))',
    kills: 'the hour is spent: everything is denied, whatever the minute says',
  },
  {
    name: 'the hour is not asked when all calls fit the minute',
    from: '<= i.per_hour',
    to: '<= i.per_hour + 1000000',
    kills: 'a call denied by one window spends nothing in the other',
  },
  {
    name: 'the minute is not asked when all calls fit the hour',
    from: '<= i.per_minute',
    to: '<= i.per_minute + 1000000',
    kills: 'exactly at the limit allows, one more is denied',
  },
  {
    name: 'the clock may go back within the minute',
    from: 'AND c.secs[cardinality(c.secs)] <= v_sec',
    to: '',
    kills: 'a grant while the clock is back counts as the newest one',
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
    kills: 'the clock going back does not move the window either',
  },
  {
    name: 'a part of a cost is granted',
    routine: 'acquire_cold',
    from: '/ cost))::int',
    to: '/ 1))::int',
    kills: 'cost is all or nothing',
  },
  {
    name: 'a reset is forgotten',
    routine: 'window_base',
    from: 'greatest(cleared, start',
    to: 'greatest(0, start',
    kills: 'a reset empties both windows and nothing comes back',
  },
  {
    name: 'the oldest second is told as gone while it counts',
    routine: 'first_counted',
    from: '(sec - 1)::smallint',
    to: 'sec',
    kills: 'reset is told of the oldest second that counts, the partly covered one too',
  },
  {
    name: 'a refunded second is told as the oldest one of the minute before',
    routine: 'first_counted',
    from: 'width_bucket(coalesce(sums[width_bucket((sec - 1)::smallint, secs)], 0), sums)',
    to: 'width_bucket((sec - 1)::smallint, secs)',
    kills: 'reset is not told of a second that was refunded or forgiven',
  },
  {
    name: 'a forgiven second is told as the oldest one',
    from: 'AND c.cleared <= c.hour_start',
    to: '',
    kills: 'reset is not told of a second that was refunded or forgiven',
  },
  {
    name: 'retry when one unit is free, whatever the cost',
    routine: 'acquire_cold',
    from: 'THEN 61 + rollgate.second_of(d.lane, d.subject, total + units + cost - per_minute, m - 60)',
    to: 'THEN 61 + rollgate.second_of(d.lane, d.subject, minute_base + 1, m - 60)',
    kills: 'a time to retry is when so much cost fits, not when one unit does',
  },
  {
    name: 'grants in the order of the batch beside keys in the order of the plan',
    from: 'array_agg(calls)',
    to: 'p_calls[:count(*)]',
    kills: 'each item is answered with its own grants, however Postgres joins the batch to the counters',
  },
  {
    name: 'keys in the order of the batch beside grants in the order of the plan',
    from: 'array_agg(ord)',
    to: 'v_places[:count(*)]',
    kills: 'each item is answered with its own grants, however Postgres joins the batch to the counters',
  },
  {
    name: 'grants of new subjects in the order of the batch beside keys in the order of the plan',
    routine: 'acquire_cold',
    from: 'array_agg(a.granted)',
    to: '(SELECT array_agg(d.granted ORDER BY d.ord) FROM decided d)',
    kills: 'each new subject is answered with its own grants, however Postgres joins the batch to the counters',
  },
  {
    name: 'a subject that was granted at once may come again in its batch',
    routine: 'acquire_cold',
    from: 'FROM unnest(p_subjects) AS i (subject)',
    to: 'FROM unnest(p_subjects) WITH ORDINALITY AS i (subject, ord) WHERE p_done IS NULL OR i.ord <> ALL (p_done)',
    kills: 'a batch that holds a subject twice is refused, whatever its calls would be granted',
  },
  {
    name: 'the clock rounds up into the next second',
    from: 'floor(extract(epoch FROM v_now) * 1000)',
    to: 'extract(epoch FROM v_now) * 1000',
    kills: 'a decision in the last half millisecond of a second is of that second',
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
  test(`breaks: ${kills}`, async () => {
    const sql = original.get(routine) as string;
    expect(sql.split(from)).toHaveLength(2); // stands exactly once, or the mutant is out of date
    await check(kills);
    await database.pool.query(sql.replace(from, to));
    try {
      // An assertion, or a session that never waits: both are the rule speaking.
      await expect(check(kills)).rejects.toThrow(/expect\(|nobody waits|deadlock/);
    } finally {
      await database.pool.query(sql);
    }
  });
});
