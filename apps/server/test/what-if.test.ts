/** What a change would have decided differently equals replaying the whole traffic through the memory store. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Limits } from '@rollgate/contract';
import { type Limiter, laneOf } from '@rollgate/limiter';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { KnownApis } from '../src/limiting/known-apis.service.js';
import { LIMITER } from '../src/limiting/limiter-token.js';
import { whatIf } from '../src/usage/what-if/what-if.schemas.js';
import { WhatIfService } from '../src/usage/what-if/what-if.service.js';
import { calls, type Desk, type Json, makeOverride, openDesk, path } from './admin-traffic.js';
import {
  decide,
  type Effect,
  expected,
  forgetTraffic,
  type Planned,
  START,
  SUBJECTS,
  traffic,
} from './past-traffic.js';

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
  await desk.admin.post(path('plans'), { id: 'pro', limits: [], reason: 'test' });
  await desk.admin.post(path('accounts/acme/plan'), { plan: 'pro', reason: 'test' });
  await makeOverride(desk.admin, { account: 'few-co', perMinute: 4, perHour: 12 });
});
afterAll(() => desk?.close());

/** Without the answers that the service keeps. */
async function effectsOf(query: Json): Promise<{ rows: Record<string, Effect>; totals: Json }> {
  const { app } = desk.service.server;
  const service = new WhatIfService(
    app.get(DataSource, { strict: false }),
    app.get<Limiter>(LIMITER, { strict: false }),
    app.get(KnownApis, { strict: false }),
  );
  const question = whatIf.parse({ since: new Date((START - 60) * 1000).toISOString(), by: 'subject', ...query });
  const { rows, totals } = await service.rows(question);
  const effects = rows.map(({ subject, stillAllowed, newlyDenied, denied, newlyAllowed }) => [
    subject,
    { stillAllowed, newlyDenied, denied, newlyAllowed },
  ]);
  return { rows: Object.fromEntries(effects), totals };
}

interface Change {
  readonly query: Json;
  /** The limits that the change gives a subject; `undefined`: it does not concern the subject. */
  readonly limitsOf: (subject: string) => Limits | undefined;
}

const smallLimits = fc.record({
  perMinute: fc.integer({ min: 0, max: 25 }),
  perHour: fc.oneof(fc.integer({ min: 0, max: 90 }), fc.constant(1_000)),
});
const times = (limit: number, factor: number) => Math.ceil((limit * Math.round(factor * 1000)) / 1000);
const factored = (factor: number): Limits => ({ perMinute: times(60, factor), perHour: times(1800, factor) });
const smallFactor = fc.integer({ min: 1, max: 300 }).map((thousandths) => thousandths / 1000);
const texts = ({ perMinute, perHour }: Limits) => ({ perMinute: String(perMinute), perHour: String(perHour) });
/** The defaults do not concern few-co, which has an override of both windows. */
const byDefault = (limits: Limits) => (subject: string) =>
  subject.startsWith('few-co/') ? undefined : only('/publish-bot/', limits)(subject);
const only = (part: string, limits: Limits) => (subject: string) => (subject.includes(part) ? limits : undefined);

const change: fc.Arbitrary<Change> = fc.oneof(
  smallLimits.map((limits) => ({
    query: { change: 'default', api: 'publish-bot', ...texts(limits) },
    limitsOf: byDefault(limits),
  })),
  smallLimits.map((limits) => ({
    query: { change: 'override', account: 'acme', ...texts(limits) },
    limitsOf: only('acme/', limits),
  })),
  smallFactor.map((factor) => ({
    query: { change: 'override', account: 'acme', api: 'publish-bot', factor: String(factor) },
    limitsOf: only('acme/publish-bot/', factored(factor)),
  })),
  smallLimits.map((limits) => ({
    query: {
      change: 'override',
      account: 'acme',
      api: 'publish-bot',
      dimensions: '{"bot":"b"}',
      ...texts(limits),
    },
    limitsOf: only('acme/publish-bot/bot=b', limits),
  })),
  fc.integer({ min: 1, max: 30 }).map((extra) => ({
    query: { change: 'override', account: 'few-co', extraHour: String(extra) },
    limitsOf: only('few-co/', { perMinute: 4, perHour: 12 + extra }),
  })),
  fc.tuple(smallLimits, smallFactor).map(([limits, factor]) => ({
    query: {
      change: 'plan',
      plan: 'pro',
      limits: JSON.stringify([
        { api: 'publish-bot', factor },
        { api: 'find-intent', ...limits },
      ]),
    },
    limitsOf: (subject: string) =>
      subject.startsWith('acme/') ? (subject.includes('/find-intent/') ? limits : factored(factor)) : undefined,
  })),
);

const planned: fc.Arbitrary<Planned[]> = fc.array(
  fc.record({
    who: fc.integer({ min: 0, max: SUBJECTS.length - 1 }),
    gap: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 70 }), fc.integer({ min: 0, max: 1500 })),
    calls: fc.integer({ min: 1, max: 15 }),
  }),
  { minLength: 1, maxLength: 30 },
);
/** In half of the runs, nothing is denied. */
const actual = fc.oneof(
  fc.record({ perMinute: fc.integer({ min: 5, max: 20 }), perHour: fc.integer({ min: 20, max: 80 }) }),
  fc.constant({ perMinute: 1_000, perHour: 1_000 }),
);

const property = fc.asyncProperty(
  planned,
  actual,
  fc.array(change, { minLength: 1, maxLength: 4 }),
  async (plan, limits, changes) => {
    const log = await traffic(desk.database.pool, plan, limits);
    for (const { query, limitsOf } of changes) {
      const { rows, totals } = await effectsOf(query);
      const wanted = expected(log, limitsOf);
      expect(rows).toEqual(wanted);
      const sum = (name: keyof Effect) => Object.values(wanted).reduce((total, effect) => total + effect[name], 0);
      expect(totals).toMatchObject({ newlyDenied: sum('newlyDenied'), newlyAllowed: sum('newlyAllowed') });
    }
  },
);

/** Random traffic rarely fills only the hour, slowly. */
const slowly = Array.from({ length: 10 }, () => ({ who: 0, gap: 300, calls: 6 }));
const ofHour = { perMinute: 25, perHour: 20 };
const examples: [Planned[], Limits, Change[]][] = [
  [
    slowly,
    { perMinute: 1_000, perHour: 1_000 },
    [
      {
        query: { change: 'default', api: 'publish-bot', ...texts(ofHour) },
        limitsOf: byDefault(ofHour),
      },
    ],
  ],
];

test('raised and lowered defaults, factors, overrides and plans have the effect of replaying all traffic', async () => {
  await fc.assert(property, { numRuns: 60, examples });
}, 120_000);

async function withMutant({ routine, from, to }: Record<'routine' | 'from' | 'to', string>, work: () => Promise<void>) {
  const { pool } = desk.database;
  const { rows } = await pool.query<{ sql: string }>('SELECT pg_get_functiondef($1::regproc) AS sql', [
    `rollgate.${routine}`,
  ]);
  const sql = rows[0]?.sql ?? '';
  expect(sql.split(from)).toHaveLength(2);
  await pool.query(sql.replace(from, to));
  try {
    await work();
  } finally {
    await pool.query(sql);
  }
}

test.each([
  ['the rough minute bound is that of one minute', 'calls_on_record', '2 * max', 'max'],
  [
    'the rough hour bound leaves out the hour before',
    'calls_on_record',
    'sum(u.units) AS most_hour',
    'max(u.units) AS most_hour',
  ],
  ['the minute bound covers one minute', 'calls_on_record', 'BETWEEN 1 PRECEDING', 'BETWEEN 0 PRECEDING'],
  ['the hour bound covers ten minutes', 'calls_on_record', 'BETWEEN 60 PRECEDING', 'BETWEEN 10 PRECEDING'],
  ['the newest minute is not read', 'minutes_of_subjects', 'rollgate.minutes_on_record', 'rollgate.bucket'],
  ['all accounts are read', 'calls_on_record', 'p_accounts IS NULL OR', 'p_accounts IS NULL AND'],
])(
  'mutant: %s',
  async (_, routine, from, to) => {
    await withMutant({ routine, from, to }, async () => {
      const { failed } = await fc.check(property, { numRuns: 300, seed: 7, endOnFailure: true, examples });
      expect(failed).toBe(true);
    });
  },
  120_000,
);

describe('a reset', () => {
  test('empties the windows of the replay, too', async () => {
    await forgetTraffic(desk.database.pool);
    const subject = SUBJECTS[0];
    const wide = { perMinute: 100, perHour: 1000 };
    await decide(desk.database.pool, { subject, second: START, calls: 10 }, wide);
    await desk.database.pool.query('SELECT rollgate.reset($1, $2)', [laneOf('acme'), subject]);
    await decide(desk.database.pool, { subject, second: START + 5, calls: 10 }, wide);
    const { rows } = await effectsOf({ change: 'default', api: 'publish-bot', perMinute: '10' });
    expect(rows[subject]).toMatchObject({ stillAllowed: 20, newlyDenied: 0 });
    const lower = await effectsOf({ change: 'default', api: 'publish-bot', perMinute: '6' });
    expect(lower.rows[subject]).toMatchObject({ stillAllowed: 12, newlyDenied: 8 });
  });
});

describe('over HTTP', () => {
  const ask = async (query: Record<string, string>) =>
    (await desk.viewer.get(path(`what-if?${new URLSearchParams(query)}`))) as {
      status: number;
      body: Json;
      text: string;
    };

  test('accounts come in the order of effect, page by page, with who is above the new limit now', async () => {
    await forgetTraffic(desk.database.pool);
    for (const [account, n] of [
      ['low-co', 5],
      ['mid-co', 20],
      ['top-co', 60],
    ] as const)
      await calls(desk.limiter, n, { account });
    const query = { change: 'default', api: 'publish-bot', perMinute: '10', limit: '2' };
    const first = await ask(query);
    expect(first.body['items']).toMatchObject([
      { account: 'top-co', subjects: 1, affected: 1, stillAllowed: 10, newlyDenied: 50, aboveNow: 1 },
      { account: 'mid-co', stillAllowed: 10, newlyDenied: 10, aboveNow: 1 },
    ]);
    expect(first.body['totals']).toMatchObject({ accounts: 3, affected: 2, newlyDenied: 60, aboveNow: 2 });
    expect(first.body['covered'].complete).toBe(false);
    const second = await ask({ ...query, after: first.body['next'] });
    expect(second.body['items']).toMatchObject([{ account: 'low-co', stillAllowed: 5, newlyDenied: 0, aboveNow: 0 }]);
    expect(second.body['next']).toBeNull();
    const subjects = await ask({ ...query, by: 'subject', account: 'mid-co' });
    expect(subjects.body['items']).toMatchObject([
      {
        subject: 'mid-co/publish-bot/bot=b-1',
        dimensions: { bot: 'b-1' },
        before: { perMinute: 60, perHour: 1800 },
        after: { perMinute: 10, perHour: 1800 },
      },
    ]);
  });

  test('a file has every row', async () => {
    const file = await desk.support.get(
      path('what-if?change=default&group=bot-definition&perMinute=10&by=subject&format=csv'),
    );
    expect(file.text.split('\n')[0]).toContain(
      'account,api,subject,subjects,affected,stillAllowed,newlyDenied,denied,newlyAllowed,aboveNow,perMinuteBefore',
    );
    expect(file.text).toContain('top-co,publish-bot,top-co/publish-bot/bot=b-1,1,1,10,50');
  });

  test('a stored override can be changed, and keeps its scope', async () => {
    const made = await makeOverride(desk.support, { account: 'mid-co', perMinute: 100 });
    const { body } = await ask({ change: 'override', override: made['id'], perMinute: '5' });
    expect(body['items']).toMatchObject([{ account: 'mid-co', stillAllowed: 5, newlyDenied: 15 }]);
  });

  test.each<[number, Record<string, string>, string]>([
    [404, { change: 'default', api: 'nothing', perMinute: '1' }, 'There is no API or group "nothing".'],
    [404, { change: 'default', group: 'staff', perMinute: '1' }, 'There is no API or group "staff".'],
    [404, { change: 'plan', plan: 'none', limits: '[]' }, 'There is no plan "none".'],
    [404, { change: 'plan', plan: 'pro', limits: '[{"api":"x","perMinute":1}]' }, 'There is no API or group "x".'],
    [404, { change: 'override', override: 'ovr_999', perMinute: '1' }, 'There is no override "ovr_999"'],
    [404, { change: 'override', account: '_rollgate', perMinute: '1' }, 'is no account'],
    [404, { change: 'override', account: 'a', api: 'x', perMinute: '1' }, 'There is no API or group "x".'],
    [404, { change: 'override', account: 'a', group: 'x', perMinute: '1' }, 'There is no API or group "x".'],
    [400, { change: 'default', api: 'publish-bot' }, 'a new limit is needed'],
    [400, { change: 'default', perMinute: '1' }, 'api or group is needed'],
    [400, { change: 'default', api: 'publish-bot', perMinute: '' }, 'must be a whole number of units'],
    [400, { change: 'default', api: 'publish-bot', factor: '2' }, 'does not have it'],
    [400, { change: 'plan', plan: 'pro' }, 'plan and limits are needed'],
    [400, { change: 'plan', plan: 'pro', limits: '{' }, 'limits: must be JSON'],
    [400, { change: 'override', override: 'ovr_1', api: 'publish-bot', perMinute: '1' }, 'it keeps its API'],
    [422, { change: 'override', account: 'a', dimensions: '{"bot":"b"}', perMinute: '1' }, 'need an api'],
  ])('%i for %j', async (status, query, message) => {
    const answer = await ask(query);
    expect([answer.status, answer.body['message']]).toEqual([status, expect.stringContaining(message)]);
  });
});
