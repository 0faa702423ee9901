/**
 * Reads of live usage must not read everything: the usage of one account is found by its key, and subjects near a limit by
 * their mark. Both must return what a read of all heads returns.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { TestDatabase } from '@rollgate/testing';
import fc from 'fast-check';
import pg from 'pg';
import { encodeAccount, laneOf } from '../src/subject/subject-key.js';
import { withMutant } from './mutant.js';
import { ADMIN, change } from './policy-author.js';
import { createSampleDatabase } from './sample-limiter.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createSampleDatabase();
  await change(database, 'create_plan', {
    by: ADMIN,
    values: [{ id: 'small', limits: [{ factor: 0.1 }], reason: 'r' }],
  });
});
afterAll(() => database.drop());
beforeEach(forgetEverything);

const rows = async <Row>(sql: string, values: unknown[] = []): Promise<Row[]> =>
  (await database.pool.query(sql, values)).rows as Row[];

/** As if the installation, its catalogue, overrides and plans were old. */
async function forgetEverything(): Promise<void> {
  await rows('TRUNCATE rollgate.counter, rollgate.bucket, rollgate.override, rollgate.plan_assignment CASCADE');
  await rows(`UPDATE rollgate.catalogue SET per_minute = NULL, per_hour = NULL, version = 1`);
  await makeOld();
}
async function makeOld(): Promise<void> {
  for (const table of ['catalogue', 'override', 'plan_assignment', 'plan'])
    await rows(`UPDATE rollgate.${table} SET changed_at = changed_at - interval '10 days'`);
}

/** Names whose keys are neighbors in the order of keys, or contain characters of the key's syntax. */
const ACCOUNTS = ['a', 'a/b', 'a0', 'a-', 'a%', 'A', 'b', 'ä'] as const;
const API = 'publish-bot';
const keyOf = (account: string, bot: string) => `${encodeAccount(account)}/${API}/bot=${bot}`;
const startOfMinute = () => new Date(Math.floor(Date.now() / 60_000) * 60_000);
const minutes = (n: number) => new Date(Date.now() + n * 60_000);

interface Grant {
  readonly account: string;
  readonly bot: string;
  readonly units: number;
  /** After the previous one. */
  readonly seconds: number;
  /** In one batch with a call of another subject, because a single item is granted by a statement of its own. */
  readonly paired?: boolean;
}

/** Grants what the limits of the subject at that time allow. @returns the time of the last one */
async function grant(grants: readonly Grant[], from: Date): Promise<Date> {
  let at = from.getTime();
  for (const { account, bot, units, seconds, paired } of grants) {
    at += seconds * 1000;
    const key = keyOf(account, bot);
    const items = paired ? [`${key}-2`, key] : [key];
    await rows(
      `SELECT FROM rollgate.limits_for($1, '${API}', $2, $7) l
       CROSS JOIN LATERAL rollgate.acquire($3, $4, $5, $6, array_fill(l.per_minute, ARRAY[${items.length}]),
                                           array_fill(l.per_hour, ARRAY[${items.length}]), $7)`,
      [
        account,
        key,
        items.map(() => laneOf(account)),
        items,
        items.map(() => 1),
        items.map((item) => (item === key ? units : 1)),
        new Date(at),
      ],
    );
  }
  return new Date(at);
}

const grants = fc.array(
  fc.record({
    account: fc.constantFrom(...ACCOUNTS),
    bot: fc.constantFrom('x', 'y'),
    units: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 20, max: 70 })),
    seconds: fc.constantFrom(0, 1, 20, 59, 61, 300, 900),
  }),
  { minLength: 1, maxLength: 40 },
);

const ALL = `SELECT * FROM rollgate_audit.usage_at($1) WHERE account = $2 ORDER BY subject`;
const ONE = `SELECT * FROM rollgate_audit.usage_of($2, $1) ORDER BY subject`;
/** Percentages of all subjects, from the usage of all. */
const NEAR = `
  SELECT u.subject, u.minute_used, u.minute_limit, u.hour_used, u.hour_limit, u.source, u.mode FROM rollgate_audit.usage_at($1) u
  WHERE greatest(u.minute_used * 100 / greatest(u.minute_limit, 1), u.hour_used * 100 / greatest(u.hour_limit, 1)) >= $2 ORDER BY 1`;
const FOUND = `
  SELECT n.subject, n.minute_used, n.minute_limit, n.hour_used, n.hour_limit, n.source, n.mode FROM rollgate_audit.near_limit($2, $1) n
  ORDER BY 1`;

async function expectSame(at: Date): Promise<number> {
  for (const account of ACCOUNTS) expect(await rows(ONE, [at, account])).toEqual(await rows(ALL, [at, account]));
  let near = 0;
  for (const percent of [1, 50, 80, 100]) {
    const found = await rows(FOUND, [at, percent]);
    expect(found).toEqual(await rows(NEAR, [at, percent]));
    near += found.length;
  }
  return near;
}

test('both equal a read of all heads, whatever was granted', async () => {
  let near = 0;
  await fc.assert(
    fc.asyncProperty(grants, fc.constantFrom(0, 1, 45, 70, 1_000, 3_550), async (made, later) => {
      await forgetEverything();
      await set('create_override', { ...LOWERED, per_hour: 30 })
        .then(startLongAgo)
        .then(makeOld);
      const last = await grant(made, startOfMinute());
      near += await expectSame(new Date(last.getTime() + later * 1000));
    }),
    { numRuns: Number(process.env['ROLLGATE_COUNT_RUNS'] ?? 15) },
  );
  expect(near).toBeGreaterThan(10);
}, 300_000);

test('no account has no usage, and an unknown one has none', async () => {
  await grant([{ account: 'a', bot: 'x', units: 1, seconds: 0 }], minutes(-1));
  expect(await rows('SELECT * FROM rollgate_audit.usage_of(NULL)')).toEqual([]);
  expect(await rows(`SELECT * FROM rollgate_audit.usage_of('')`)).toEqual([]);
  expect(await rows(`SELECT account FROM rollgate_audit.usage_of('a')`)).toEqual([{ account: 'a' }]);
});

const set = (name: string, ...values: unknown[]) => change(database, name, { by: ADMIN, values });
const RAISED = { account: 'a', factor: 100, reason: 'r' };
const LOWERED = { account: 'a', per_hour: 200, reason: 'r', allow_lowering: true };
const ASSIGNED = { account: 'a', plan: 'small', reason: 'r', allow_lowering: true };
/** As if an override or an assignment had been in force for long. */
const startLongAgo = () =>
  rows(`UPDATE rollgate.override SET starts_at = '2020-01-01'`).then(() =>
    rows(`UPDATE rollgate.plan_assignment SET starts_at = '2020-01-01'`),
  );

interface Lowering {
  /** Units in each of 13 minutes: less than half of the limits before, and more than half of the limits after. */
  readonly units: number;
  readonly before?: () => Promise<unknown>;
  readonly lower?: () => Promise<unknown>;
  /** The condition of near_limit that finds it. */
  readonly clause: string;
}

/** What lowers the limit of a subject after its last grant, and before 31 minutes from now. */
const LOWERINGS: Record<string, Lowering> = {
  'an override': {
    units: 12,
    lower: () => set('create_override', LOWERED).then(startLongAgo),
    clause: 'o.changed_at > v_since',
  },
  'an override that starts': {
    units: 12,
    lower: () => set('create_override', { ...LOWERED, starts_at: minutes(30) }).then(makeOld),
    clause: 'o.starts_at BETWEEN v_since AND v_now',
  },
  'an override that expires': {
    units: 100,
    before: () =>
      set('create_override', { ...RAISED, expires_at: minutes(30) })
        .then(startLongAgo)
        .then(makeOld),
    clause: 'o.expires_at BETWEEN v_since AND v_now',
  },
  'a plan': {
    units: 12,
    lower: () => set('assign_plan', ASSIGNED).then(startLongAgo),
    clause: 'a.changed_at > v_since',
  },
  'a plan that starts': {
    units: 12,
    lower: () => set('assign_plan', { ...ASSIGNED, starts_at: minutes(30) }).then(makeOld),
    clause: 'a.starts_at BETWEEN v_since AND v_now',
  },
  'a plan that changes': {
    units: 12,
    before: () =>
      set('assign_plan', ASSIGNED)
        .then(startLongAgo)
        .then(makeOld)
        .then(() => setFactor(1))
        .then(makeOld),
    lower: () => setFactor(0.1),
    clause: 'SELECT FROM rollgate.plan p WHERE p.changed_at > v_since AND p.version > 1',
  },
  'a default that changes': {
    units: 12,
    lower: async () => {
      const [row] = await rows<{ version: number }>(`SELECT version FROM rollgate.catalogue WHERE api = '${API}'`);
      await set('change_catalogue', API, row?.version, { per_hour: 200, allow_lowering: true }, 'r', null);
    },
    clause: 'SELECT FROM rollgate.catalogue c WHERE c.changed_at > v_since AND c.version > 1',
  },
};

async function setFactor(factor: number): Promise<void> {
  const [row] = await rows<{ version: number }>(`SELECT version FROM rollgate.plan WHERE id = 'small'`);
  await set('change_plan', 'small', row?.version, { limits: [{ factor }], allow_lowering: true }, 'r');
}

describe.each(Object.entries(LOWERINGS))('%s lowers the limit after the last grant', (_, lowering) => {
  const check = async () => {
    await forgetEverything();
    await lowering.before?.();
    await grant(
      Array.from({ length: 13 }, () => ({ account: 'a', bot: 'x', units: lowering.units, seconds: 61 })),
      minutes(0),
    );
    expect(await rows('SELECT near_hour FROM rollgate.counter')).toEqual([{ near_hour: null }]);
    await lowering.lower?.();
    const near = await rows(NEAR, [minutes(31), 50]);
    expect(near).toHaveLength(1);
    expect(await rows(FOUND, [minutes(31), 50])).toEqual(near);
  };
  test('the subject is found', check);
  test('the mutant without this condition is noticed', () =>
    withMutant(database.pool, { routine: 'near_limit', from: lowering.clause, to: mutated(lowering.clause) }, () =>
      expect(check()).rejects.toThrow(/expect\(/),
    ));
});

const mutated = (clause: string) => (clause.startsWith('SELECT') ? 'SELECT WHERE false' : 'false');

const MARKS = [
  {
    name: 'single grants in a head of this minute',
    routine: 'acquire',
    from: 'head.total + v_units, head.prev_start, p_per_minute[1], head.hour_start, p_per_hour[1]',
    to: '0, 0, 1, 0, 1',
  },
  {
    name: 'grants of a batch in heads of this minute',
    routine: 'acquire',
    from: 'head.total + asked.units, head.prev_start, asked.per_minute, head.hour_start, asked.per_hour',
    to: '0, 0, 1, 0, 1',
  },
  {
    name: 'grants in an older head',
    routine: 'acquire_cold',
    from: 'THEN decided.second / 3600 ELSE',
    to: 'THEN NULL ELSE',
  },
  {
    name: 'the first grant',
    routine: 'acquire_cold',
    from: 'THEN decided.second / 3600 END',
    to: 'THEN NULL::int END',
  },
  { name: 'the minute', routine: 'is_near', from: '(total - minute_start) * 2 >= per_minute', to: 'false' },
  { name: 'the hour', routine: 'is_near', from: '(total - hour_start) * 2 >= per_hour', to: 'false' },
] as const;

/** Subjects that are near a limit by their first grant, a grant of the same minute, one of a later minute, and by the hour alone. */
async function checkMarks(): Promise<void> {
  for (const paired of [false, true]) {
    await forgetEverything();
    await set('create_override', { account: 'b', per_minute: 1_000, reason: 'r' }).then(startLongAgo).then(makeOld);
    const from = startOfMinute();
    const to = (account: string, units: number, seconds = 0) => ({ account, bot: 'x', units, seconds, paired });
    const last = await grant(
      [
        ...Array.from({ length: 45 }, () => to('b', 25, 62)),
        to('A', 5),
        ...[to('A', 50, 31), to('a', 55), to('a0', 5), to('a0', 50)],
      ],
      from,
    );
    expect(await rows(FOUND, [last, 60])).toHaveLength(4);
  }
}

test('a subject is near a limit by the minute or by the hour', checkMarks);
test.each(MARKS)('the mutant that does not mark $name is noticed', async ({ name: _, ...mutant }) => {
  await withMutant(database.pool, mutant, () => expect(checkMarks()).rejects.toThrow(/expect\(/));
});

test.each(['force_generic_plan', 'force_custom_plan'])(
  'with %s, only the heads of the account are read',
  async (mode) => {
    await rows(`INSERT INTO rollgate.counter (lane, subject, minute, total, prev_start, hour_start, secs, sums)
    SELECT g % 64, 'other-' || g || '/${API}/bot=x', extract(epoch FROM now()) / 60, 1, 0, 0, '{0}', '{1}' FROM generate_series(1, 20000) g`);
    await grant([{ account: 'a', bot: 'x', units: 1, seconds: 0 }], minutes(-1));
    await grant([{ account: 'b', bot: 'x', units: 50, seconds: 0 }], minutes(0));
    await rows('ANALYZE rollgate.counter');
    for (const sql of [`SELECT * FROM rollgate_audit.usage_of('a')`, 'SELECT * FROM rollgate_audit.near_limit(80)']) {
      // A session of its own: those of the pool have counts of earlier transactions.
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      try {
        await client.query(`BEGIN; SET LOCAL plan_cache_mode = ${mode}`);
        expect((await client.query(sql)).rowCount).toBe(1);
        const { rows: read } = await client.query(
          `SELECT seq_tup_read, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'rollgate.counter'::regclass`,
        );
        expect(read).toEqual([{ seq_tup_read: '0', idx_tup_fetch: '1' }]);
      } finally {
        await client.end();
      }
    }
  },
);
