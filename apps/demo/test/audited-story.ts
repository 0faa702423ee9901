/** A few days at fixed dates, small enough to be counted by hand, for the auditor's queries. The present is NOW. */
import { SAMPLE_APPLICATION, sampleCatalogue } from '@rollgate/contract/sample';
import { laneOf } from '@rollgate/limiter';
import { type EventToWrite, eventToWrite, type TestDatabase } from '@rollgate/testing';
import type pg from 'pg';
import { type Columns, type PastAuthor, PastPolicy } from '../src/story/past-policy.js';

export const NOW = '2026-03-10 12:00:00+00';

const at = (text: string) => new Date(`2026-${text}Z`);
const EVE: PastAuthor = { actor: 'staff:eve', role: 'admin', address: '192.0.2.1' };
const ANN: PastAuthor = { actor: 'staff:ann', role: 'support' };
const customer = (account: string): PastAuthor => ({ actor: `account:${account}`, role: 'customer' });

export async function tellAuditedStory({ pool }: TestDatabase): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await changePolicy(new PastPolicy(client));
    await client.query('COMMIT');
    await client.query(ACCESS);
    const uses = [
      // A pilot in shadow mode: calls are allowed that the defaults would have denied.
      { id: 'ovr_2', at_ms: at('03-04T10:00:00').getTime(), peak_minute: 70, peak_hour: 200, needed: true },
      { id: 'ovr_3', at_ms: at('03-05T10:00:00').getTime(), peak_minute: 12, peak_hour: 40, needed: false },
    ];
    await client.query('SELECT rollgate.report_use($1)', [JSON.stringify(uses)]);
    await client.query('SELECT rollgate.write_events($1)', [JSON.stringify(EVENTS)]);
    for (const [subject, api, units, time] of [...USED_BEFORE, ...USED])
      await client.query(
        'SELECT FROM rollgate.acquire(ARRAY[$1::int], ARRAY[$2], ARRAY[1], ARRAY[$3::int], ARRAY[greatest($3, 110)], ARRAY[18000], $4)',
        [laneOf(subject), `${subject}/${api}`, units, at(time)],
      );
    await addUp(client);
  } finally {
    client.release();
  }
}

/** Usage by hour and by day, up to NOW. */
async function addUp(client: pg.PoolClient): Promise<void> {
  for (let left = true; left; ) {
    const { rows } = await client.query('SELECT did FROM rollgate.roll_up_step(400, 691200, $1)', [NOW]);
    left = rows[0].did !== null;
  }
}

async function changePolicy(policy: PastPolicy): Promise<void> {
  await policy.registerCatalogue({
    at: at('02-01T00:00:00'),
    application: SAMPLE_APPLICATION,
    catalogue: sampleCatalogue,
  });
  await policy.addPerson({
    at: at('02-02T08:00:00'),
    by: EVE,
    person: { login: 'ann', displayName: 'Ann', role: 'support', passwordHash: 'x' },
  });
  await changeLimits(policy);
  await requestLimits(policy);
  await policy.changeOverride({
    at: at('03-10T11:00:00'),
    by: EVE,
    id: 'ovr_4',
    changes: { per_hour: 3600 },
    reason: 'its hour, too',
  });
}

async function changeLimits(policy: PastPolicy): Promise<void> {
  // ovr_1: high, permanent, without a ticket, and unused.
  await policy.createOverride({
    at: at('02-20T09:00:00'),
    by: EVE,
    spec: { account: 'globex', api: 'find-intent', per_minute: 300, reason: 'a good customer' },
  });
  await policy.changeOverride({
    at: at('02-21T09:00:00'),
    by: EVE,
    id: 'ovr_1',
    changes: { per_minute: 900 },
    reason: 'they called',
  });
  await policy.createOverride({
    at: at('03-01T09:00:00'),
    by: EVE,
    spec: { account: 'initech', mode: 'shadow', reason: 'pilot', ticket: 'T-2' },
  });
  await policy.createOverride({
    at: at('03-02T09:00:00'),
    by: EVE,
    spec: { account: 'hooli', group_id: 'analytics', per_hour: 3600, reason: 'reports', ticket: 'T-3' },
  });
  await policy.changeCatalogue({
    at: at('03-05T09:00:00'),
    by: EVE,
    api: 'get-analytics',
    changes: { per_minute: 90 },
    reason: 'measured',
    ticket: 'T-4',
  });
}

async function requestLimits(policy: PastPolicy): Promise<void> {
  const file = (time: string, account: string, spec: Columns) =>
    policy.requestLimit({ at: at(time), by: customer(account), spec: { account, ...spec } });
  const polling = await file('03-08T06:00:00', 'hooli', { api: 'get-bots', per_minute: 600, reason: 'polling' });
  await policy.decideRequest({
    at: at('03-08T12:00:00'),
    by: ANN,
    id: polling,
    changes: null,
    answer: 'poll less',
  });
  const launch = await file('03-09T08:00:00', 'acme', {
    api: 'publish-bot',
    per_minute: 240,
    reason: 'launch',
    ticket: 'T-1',
  });
  await policy.decideRequest({
    at: at('03-09T10:00:00'),
    by: EVE,
    id: launch,
    changes: { per_minute: 120 },
    answer: 'half',
  });
  await file('03-10T02:00:00', 'globex', { api: 'get-bots', per_minute: 120, reason: 'sync' });
  await file('03-10T10:30:00', 'acme', { api: 'find-intent', per_hour: 3600, reason: 'launch goes on' });
}

/** Who signed in, looked at accounts and exported. The functions of the access log take no time, so the rows are written directly. */
const ACCESS = `
  INSERT INTO rollgate.sign_in_log (first_at, last_at, times, outcome, method, login, address)
  SELECT timestamptz '2026-03-10 09:00Z', timestamptz '2026-03-10 09:00Z', 1, 'wrong_password', 'password', 'ann', '203.0.113.7' FROM generate_series(1, 9)
  UNION ALL SELECT '2026-03-10 09:01Z', '2026-03-10 09:01Z', 1, 'unknown', 'password', 'root', '203.0.113.7'
  UNION ALL SELECT '2026-03-10 09:01Z', '2026-03-10 09:02Z', 250, 'too_many_attempts', 'password', NULL, '203.0.113.7'
  UNION ALL SELECT '2026-03-10 09:05Z', '2026-03-10 09:05Z', 1, 'signed_in', 'password', 'ann', '203.0.113.7'
  UNION ALL SELECT '2026-03-10 08:00Z', '2026-03-10 08:00Z', 1, 'wrong_password', 'password', 'eve', '192.0.2.1'
  UNION ALL SELECT '2026-03-10 09:00Z', '2026-03-10 10:00Z', 4000, 'token_refused', 'token', NULL, '192.0.2.9'
  UNION ALL SELECT '2026-03-08 09:00Z', '2026-03-08 09:01Z', 300, 'too_many_attempts', 'password', NULL, '198.51.100.4';
  INSERT INTO rollgate.access_log (first_at, last_at, times, actor, role, address, action, account, routes, filters, row_count, result)
  VALUES
    ('2026-02-01 09:00Z', '2026-02-01 09:04Z', 90, 'staff:eve', 'admin', '192.0.2.1', 'view_account', 'acme', '{getAccount}', '{}', NULL, NULL),
    ('2026-03-09 09:50Z', '2026-03-09 09:54Z', 60, 'staff:eve', 'admin', '192.0.2.1', 'view_account', 'acme', '{getAccount,getUsage}', '{}', NULL, NULL),
    ('2026-03-09 09:55Z', '2026-03-09 09:58Z', 12, 'staff:eve', 'admin', '192.0.2.1', 'view_account', 'acme', '{getUsage}', '{}', NULL, NULL),
    ('2026-03-10 09:06Z', '2026-03-10 09:06Z', 1, 'staff:ann', 'support', '203.0.113.7', 'export', 'acme', '{listEvents}', '{"account": "acme"}', 88, 'complete'),
    ('2026-03-10 09:07Z', '2026-03-10 09:08Z', 1, 'staff:ann', 'support', '203.0.113.7', 'export', NULL, '{searchAccounts}', '{"q": ""}', 4096, 'cut'),
    ('2026-03-10 11:59Z', '2026-03-10 11:59Z', 1, 'token:bi', 'auditor', '192.0.2.9', 'export', NULL, '{listHistory}', '{}', NULL, NULL),
    ('2026-03-10 10:00Z', '2026-03-10 10:00Z', 1, 'staff:ann', 'support', '203.0.113.7', 'view_account', 'globex', '{getAccount}', '{}', NULL, NULL);`;

let number = 0;
function event(time: string, count: number, changes: object): EventToWrite {
  const first_ms = at(time).getTime();
  return eventToWrite({
    id: `e${++number}`,
    subject: 'acme/publish-bot/bot=b-1',
    dimensions: { bot: 'b-1' },
    first_ms,
    last_ms: first_ms + 500,
    retry_ms: null,
    count,
    units: count,
    instance: 'a:1',
    ...changes,
  });
}

const RAISED = { source: 'ovr_4', per_minute: 120, used: 120 };
const GLOBEX = {
  account: 'globex',
  api: 'find-intent',
  group_id: 'analytics',
  subject: 'globex/find-intent/bot=g',
  window_name: 'hour',
  used: 1800,
  source: 'ovr_1',
  per_minute: 900,
};
const UMBRELLA = {
  account: 'umbrella',
  api: 'get-bots',
  group_id: 'admin',
  level: ['account'],
  subject: 'umbrella/get-bots/',
  dimensions: { account: 'umbrella' },
};
const SHADOW = { account: 'initech', api: 'bot-export', subject: 'initech/bot-export/bot=i', mode: 'shadow' };
const AWAY = { account: 'hooli', subject: 'hooli/publish-bot/bot=h', mode: 'fallback_denied' };
const LET_IN = { ...AWAY, kind: 'granted_sample', window_name: null, mode: 'fallback_allowed' };

const EVENTS: readonly object[] = [
  event('03-07T14:00:00', 4, AWAY),
  event('03-07T14:00:30', 9, { ...LET_IN, instance: 'b:1' }),
  event('03-07T14:03:00', 2, AWAY),
  event('03-09T23:00:00', 1, LET_IN),
  event('03-08T10:00:00', 6, SHADOW),
  event('03-09T10:00:00', 5, { ...SHADOW, subject: 'initech/bot-export/bot=j' }),
  // Before the period of every query.
  event('02-01T10:00:00', 1000, SHADOW),
  event('03-09T09:30:00', 50, {}),
  event('03-09T09:30:01', 30, {}),
  event('03-09T11:00:00', 5, RAISED),
  event('03-10T08:00:00', 3, RAISED),
  event('03-10T09:30:00', 7, GLOBEX),
  event('03-10T10:00:00', 20, UMBRELLA),
  event('03-10T10:00:59', 2, { ...UMBRELLA, window_name: 'hour', used: 1800 }),
];

/** As USED, in hours that are complete. Other subjects than those that were denied. */
const USED_BEFORE = [
  ['acme', 'publish-bot/bot=b-7', 40, '03-04T09:10:00'],
  ['acme', 'publish-bot/bot=b-7', 50, '03-04T09:10:40'],
  ['acme', 'publish-bot/bot=b-7', 30, '03-04T10:00:00'],
  ['acme', 'get-bots/', 900, '03-09T09:59:59'],
  ['acme', 'get-bots/', 700, '03-09T10:30:00'],
  ['globex', 'find-intent/bot=z', 1000, '03-09T15:00:00'],
  ['initech', 'get-bots/', 3, '03-08T15:00:00'],
] as const;

/** Account, rest of the key, units, time. */
const USED = [
  ['acme', 'publish-bot/bot=b-1', 110, '03-10T11:59:30'],
  ['globex', 'find-intent/bot=g', 30, '03-10T11:59:30'],
  ['umbrella', 'get-bots/', 59, '03-10T11:59:50'],
  ['hooli', 'get-table-data/table=t', 900, '03-10T11:30:00'],
  ['initech', 'publish-bot/bot=i', 60, '03-10T11:58:00'],
] as const;
