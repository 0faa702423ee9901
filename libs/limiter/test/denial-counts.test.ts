/** Counts of denials that come from the roll-up where it has them must equal those of the events, at any time. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, eventToWrite, type TestDatabase } from '@rollgate/testing';
import fc from 'fast-check';
import { writeEvents } from './event-rows.js';
import { forgetEverything, rollUp, step } from './usage-log.js';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 1, 27, 20);
const HOURS = 12;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(
    `SELECT rollgate.register_catalogue('test', '[
      {"api": "publish-bot", "title": "Publish bot", "group_id": "bots", "group_title": "Bots", "level": ["bot"], "scope": "api", "shipped_per_minute": 1, "shipped_per_hour": 1, "message": "no"},
      {"api": "get-rows", "title": "Get rows", "group_id": "data", "group_title": "Data", "level": ["table"], "scope": "group", "shipped_per_minute": 1, "shipped_per_hour": 1, "message": "no"}
    ]', ROW('instance:test', 'program', NULL, NULL)::rollgate.author)`,
  );
});
afterAll(() => database.drop());
beforeEach(() => forgetEverything(database.pool));

const APIS = {
  'publish-bot': { group_id: 'bots', subject: 'acme/publish-bot/bot=b' },
  'get-rows': { group_id: 'data', subject: 'acme/@data/table=t' },
} as const;

const at = fc.integer({ min: 0, max: HOURS * HOUR_MS - 1 }).map((ms) => START + ms);
const event = fc.record({
  at,
  account: fc.constantFrom('acme', 'globex', '_rollgate'),
  api: fc.constantFrom(...(Object.keys(APIS) as (keyof typeof APIS)[])),
  window: fc.constantFrom('minute', 'hour'),
  mode: fc.constantFrom('enforced', 'shadow', 'fallback_denied'),
  source: fc.constantFrom('default', 'ovr_1'),
  count: fc.integer({ min: 1, max: 9 }),
  sampled: fc.boolean(),
});
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

const either = <T>(...values: T[]) => fc.option(fc.constantFrom(...values));
const question = fc.record({
  from: at,
  spanMs: fc.integer({ min: 1, max: HOURS * HOUR_MS }),
  account: either('acme', 'globex'),
  api: either('publish-bot', 'get-rows'),
  group: either('bots', 'data'),
  window: either('minute', 'hour'),
  mode: either('enforced', 'shadow'),
  source: either('default', 'ovr_1'),
});
type Question = typeof question extends fc.Arbitrary<infer T> ? T : never;

let number = 0;
async function write(events: readonly Event[]): Promise<void> {
  const rows = events.map(({ at: first_ms, window, sampled, ...columns }) =>
    eventToWrite({
      id: `e-${++number}`,
      first_ms,
      ...columns,
      ...APIS[columns.api],
      kind: sampled ? 'granted_sample' : 'denied',
      window_name: sampled ? null : window,
      units: columns.count,
    }),
  );
  if (rows.length > 0) await writeEvents(database.pool, rows);
}

const FILTERS = `($3::text IS NULL OR e.account = $3) AND ($4::text IS NULL OR e.api = $4) AND ($5::text IS NULL OR e.group_id = $5)
  AND ($6::text IS NULL OR e.window_name = $6) AND ($7::text IS NULL OR e.mode = $7) AND ($8::text IS NULL OR e.source = $8)`;
const values = ({ from, spanMs, account, api, group, window, mode, source }: Question): unknown[] => [
  ...[new Date(from), new Date(from + spanMs), account, api, group, window, mode, source],
];

async function expectSame(asked: Question): Promise<void> {
  const counted = await database.pool.query(
    'SELECT hour, window_name, calls FROM rollgate.count_denials($1, $2, $3, $4, $5, $6, $7, $8) ORDER BY 1, 2',
    values(asked),
  );
  const fromEvents = await database.pool.query(
    `SELECT date_trunc('hour', e.first_at, 'UTC') AS hour, e.window_name, sum(e.count)::bigint AS calls FROM rollgate.limit_event e
     WHERE e.kind = 'denied' AND e.account <> '_rollgate' AND e.first_at >= $1 AND e.first_at < $2 AND ${FILTERS} GROUP BY 1, 2 ORDER BY 1, 2`,
    values(asked),
  );
  expect(counted.rows).toEqual(fromEvents.rows);
  const { rows } = await database.pool.query<{ ids: string[]; expected: string[] }>(
    `WITH denied AS (
       SELECT e.id, e.first_at FROM rollgate.limit_event e
       WHERE e.kind = 'denied' AND e.account <> '_rollgate' AND e.first_at >= $1 AND e.first_at < $2 AND $3::text IS NULL AND $8::text IS NULL
         AND ${FILTERS})
     SELECT ARRAY(SELECT d.id FROM denied d ORDER BY d.first_at DESC, d.id DESC LIMIT 5) AS expected,
            ARRAY(SELECT d.id FROM unnest(rollgate.denial_hours($1, $2, 5, $4, $5, $6, $7)) h (hour)
                  JOIN denied d ON d.first_at >= h.hour AND d.first_at < h.hour + interval '1 hour'
                  ORDER BY d.first_at DESC, d.id DESC LIMIT 5) AS ids`,
    values(asked),
  );
  expect(rows[0]?.ids).toEqual(rows[0]?.expected);
}

async function expectSameView(): Promise<void> {
  const viewed = await database.pool.query(
    `SELECT v.* FROM rollgate_audit.denials_by_hour_v1 v ORDER BY to_jsonb(v)::text`,
  );
  const fromEvents = await database.pool.query(
    `SELECT v.* FROM (
       SELECT date_trunc('hour', e.first_at, 'UTC') AS hour, e.account, e.api, e.group_id, e.window_name, e.mode, e.source,
              sum(e.count)::bigint AS denials, sum(e.units)::bigint AS units, count(*) AS events
       FROM rollgate.limit_event e WHERE e.kind = 'denied' GROUP BY 1, 2, 3, 4, 5, 6, 7) v ORDER BY to_jsonb(v)::text`,
  );
  expect(viewed.rows).toEqual(fromEvents.rows);
}

const topDenied = readFileSync(
  fileURLToPath(new URL('../../../docs/sql/top-denied-accounts.sql', import.meta.url)),
  'utf8',
);

/** The auditor's query equals one that reads events alone. */
async function expectSameTop(): Promise<void> {
  for (const hours of [0, 6]) {
    const now = `timestamptz '${new Date(START + hours * HOUR_MS).toISOString()}'`;
    const top = await database.pool.query(topDenied.replaceAll('now()', now));
    const fromEvents = await database.pool.query(
      `SELECT e.account, sum(e.count) AS denials, count(DISTINCT e.subject) AS subjects, string_agg(DISTINCT e.api, ', ') AS apis,
              min(e.first_at) AS first_at, max(e.last_at) AS last_at
       FROM rollgate_audit.limit_events_v1 e
       WHERE e.kind = 'denied' AND e.mode IN ('enforced', 'fallback_denied') AND date_trunc('day', e.first_at, 'UTC') = date_trunc('day', ${now}, 'UTC')
       GROUP BY e.account ORDER BY 2 DESC, 1`,
    );
    expect(top.rows).toEqual(fromEvents.rows);
  }
}

interface Scenario {
  readonly before: readonly Event[];
  readonly late: readonly Event[];
  readonly rolledHours: number;
  readonly steps: number;
  readonly questions: readonly Question[];
}

async function check({ before, late, rolledHours, steps, questions }: Scenario): Promise<void> {
  await forgetEverything(database.pool);
  await write(before);
  const nowMs = START + rolledHours * HOUR_MS + 150_000;
  await rollUp(database.pool, { nowMs, keepSeconds: 3661 });
  await write(late);
  // Stops somewhere in the middle of following the late events.
  for (let i = 0; i < steps; i++) await step(database.pool, { nowMs, rows: 0, ms: 0 });
  for (const asked of questions) await expectSame(asked);
  await expectSameView();
  await expectSameTop();
}

const scenario = fc.record({
  before: fc.array(event, { maxLength: 25 }),
  late: fc.array(event, { maxLength: 6 }),
  rolledHours: fc.integer({ min: 0, max: HOURS + 2 }),
  steps: fc.integer({ min: 0, max: 40 }),
  questions: fc.array(question, { minLength: 3, maxLength: 6 }),
});

test('denials are counted and listed as if from the events alone, also while late events are being added up', async () => {
  await fc.assert(fc.asyncProperty(scenario, check), { numRuns: Number(process.env['ROLLGATE_COUNT_RUNS'] ?? 25) });
}, 300_000);

const DENIAL: Event = {
  ...{
    at: START + 1_800_000,
    account: 'acme',
    api: 'publish-bot',
    window: 'minute',
    mode: 'enforced',
    source: 'default',
  },
  ...{ count: 3, sampled: false },
};
const EVERYTHING: Question = {
  ...{
    from: START,
    spanMs: 4 * HOUR_MS,
    account: null,
    api: null,
    group: null,
    window: null,
    mode: null,
    source: null,
  },
};

const MUTANTS = [
  {
    name: 'an hour with late events is still read from the roll-up',
    routine: 'count_denials',
    from: 'AND NOT EXISTS (SELECT FROM rollgate.reopened_hours o WHERE o.hour = h.hour)',
    to: '',
    scenario: { before: [DENIAL], late: [DENIAL], rolledHours: 3, steps: 0, questions: [EVERYTHING] },
  },
  {
    name: 'a part of an hour is counted as the whole',
    routine: 'count_denials',
    from: `h.hour >= p_from AND h.hour + interval '1 hour' <= p_to`,
    to: 'true',
    scenario: {
      ...{ before: [DENIAL], late: [], rolledHours: 3, steps: 0 },
      questions: [{ ...EVERYTHING, spanMs: 1_000_000 }],
    },
  },
  {
    name: "Rollgate's own account is part of the sums",
    routine: 'roll_up_denials',
    from: 'WHEN NOT rollgate.is_internal(e.account) THEN',
    to: 'WHEN true THEN',
    scenario: {
      ...{ before: [{ ...DENIAL, account: '_rollgate' as const }], late: [], rolledHours: 3, steps: 0 },
      questions: [EVERYTHING],
    },
  },
  {
    name: 'hours that are not rolled up are left out of a page',
    routine: 'denial_hours',
    from: '(SELECT max(e.first_at) FROM rollgate.limit_event_row e), interval',
    to: `(SELECT min(e.first_at) - interval '1 day' FROM rollgate.limit_event_row e), interval`,
    scenario: {
      ...{ before: [{ ...DENIAL, at: START + 3 * HOUR_MS }], late: [], rolledHours: 1, steps: 0 },
      questions: [EVERYTHING],
    },
  },
] as const;

describe.each(MUTANTS)('$name', ({ routine, from, to, scenario: asked }) => {
  test('the mutant is noticed', async () => {
    const { rows } = await database.pool.query<{ sql: string }>(
      `SELECT pg_get_functiondef(('rollgate.' || $1)::regproc) AS sql`,
      [routine],
    );
    const sql = rows[0]?.sql as string;
    expect(sql.split(from)).toHaveLength(2); // must occur exactly once, otherwise the mutant is outdated
    await check(asked);
    await database.pool.query(sql.replace(from, to));
    try {
      await expect(check(asked)).rejects.toThrow(/expect\(/);
    } finally {
      await database.pool.query(sql);
    }
  });
});
