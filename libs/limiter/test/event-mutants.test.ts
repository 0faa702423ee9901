/** Errors seeded into the SQL that records events must each break the rule that names them. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, eventToWrite, TestClock, type TestDatabase } from '@rollgate/testing';
import { PostgresStore } from '../src/store/postgres-store.js';
import { countedCalls, eventRows, writeEvents } from './event-rows.js';
import { withMutant } from './mutant.js';

const SUBJECT = 'acme/publish-bot/bot=b';

let database: TestDatabase;
let clock: TestClock;
let store: PostgresStore;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  clock = new TestClock();
  store = new PostgresStore({ pool: database.pool, clock: () => clock.nowMs });
});

const spend = (calls: number) =>
  store.acquire([{ subject: SUBJECT, lane: 1, cost: 1, calls, perMinute: 60, perHour: 1800 }]);
const event = (id: string, changes = {}) =>
  eventToWrite({ id, first_ms: clock.nowMs, subject: SUBJECT, lane: 1, ...changes });
const recheck = async (): Promise<unknown[]> =>
  (await database.pool.query('SELECT * FROM rollgate.recheck_decisions()')).rows;

const RULES: Record<string, () => Promise<void>> = {
  'a batch that is sent twice counts once': async () => {
    const batch = [event('twice', { count: 7 })];
    await writeEvents(database.pool, batch);
    await writeEvents(database.pool, batch);
    expect(await countedCalls(database.pool)).toBe(7);
  },
  'one event of a minute shows what filled the window': async () => {
    await spend(60);
    await writeEvents(database.pool, [event('first')]);
    await writeEvents(database.pool, [event('second', { first_ms: clock.nowMs + 1000 })]);
    expect((await eventRows(database.pool)).map(({ filled }) => filled !== null)).toEqual([true, false]);
  },
  'units of the partly covered oldest second justify a denial': async () => {
    await spend(60);
    clock.advance({ seconds: 60 });
    await writeEvents(database.pool, [event('edge')]);
    expect(await recheck()).toEqual([]);
  },
  'units older than the partly covered second do not justify a denial': async () => {
    await spend(60);
    clock.advance({ seconds: 61 });
    await writeEvents(database.pool, [event('late')]);
    expect(await recheck()).toHaveLength(1);
  },
  'a later refund does not make a denial wrong': async () => {
    await spend(60);
    await writeEvents(database.pool, [event('before')]);
    await store.refund(1, { subject: SUBJECT, second: clock.nowMs / 1000, units: 5 });
    expect(await recheck()).toEqual([]);
  },
};

const MUTANTS = [
  {
    name: 'counts of repeated rows are added up in the database',
    routine: 'write_events',
    from: 'ON CONFLICT (first_at, id) DO NOTHING',
    to: 'ON CONFLICT (first_at, id) DO UPDATE SET count = limit_event_row.count + excluded.count',
    kills: 'a batch that is sent twice counts once',
  },
  {
    name: 'every event stores what filled the window',
    routine: 'is_filling_noted',
    from: 'o.first_at >= p_minute',
    to: `o.first_at > p_minute + interval '1 minute'`,
    kills: 'one event of a minute shows what filled the window',
  },
  {
    name: 'denials are rechecked with 60 seconds',
    routine: 'recheck_decisions',
    from: 'j.oldest_second, j.second)',
    to: 'j.oldest_second + 1, j.second)',
    kills: 'units of the partly covered oldest second justify a denial',
  },
  {
    name: 'denials are rechecked with 62 seconds',
    routine: 'recheck_decisions',
    from: 'j.oldest_second, j.second)',
    to: 'j.oldest_second - 1, j.second)',
    kills: 'units older than the partly covered second do not justify a denial',
  },
  {
    name: 'refunds are not counted',
    routine: 'note_freeing',
    from: 'INSERT INTO rollgate.freeing (subject, at, history_id, actor) VALUES (NEW.subject, NEW.at, NEW.history_id, NEW.actor);',
    to: '',
    kills: 'a later refund does not make a denial wrong',
  },
];

const check = async (rule: string): Promise<void> => {
  await database.pool.query('TRUNCATE rollgate.limit_event_row, rollgate.freeing, rollgate.counter, rollgate.bucket');
  await (RULES[rule] as () => Promise<void>)();
};

describe.each(MUTANTS)('$name', ({ routine, from, to, kills }) => {
  test(`the mutant breaks the rule: ${kills}`, async () => {
    await check(kills);
    await withMutant(database.pool, { routine, from, to }, async () => {
      await expect(check(kills)).rejects.toThrow(/expect\(/);
    });
  });
});
