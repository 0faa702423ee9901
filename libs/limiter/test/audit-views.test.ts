/** Reads the views of events, policy and history with the auditor's rights. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventToWrite, type TestDatabase } from '@rollgate/testing';
import pg from 'pg';
import { writeEvents } from './event-rows.js';
import { ADMIN, CUSTOMER, change, inHours, SUPPORT } from './policy-author.js';
import { createSampleDatabase } from './sample-limiter.js';

let database: TestDatabase;
let auditor: pg.Client;
beforeAll(async () => {
  database = await createSampleDatabase();
  auditor = new pg.Client({ connectionString: database.url });
  await auditor.connect();
  await auditor.query(`SET SESSION AUTHORIZATION rollgate_auditor; SET timezone = 'UTC'`);
});
afterAll(async () => {
  await auditor?.end();
  await database?.drop();
});

const rows = async <Row extends pg.QueryResultRow = pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
  (await auditor.query<Row>(sql, values)).rows;
const DAY_MS = 86_400_000;
const AT = Date.UTC(2026, 2, 10, 9, 30);

/** The partitions that a statement scanned. */
async function partitionsOf(sql: string, values: unknown[] = []): Promise<string[]> {
  type Node = Record<string, unknown>;
  const [plan] = await rows<{ 'QUERY PLAN': [{ Plan: Node }] }>(
    `EXPLAIN (ANALYZE, TIMING off, FORMAT json) ${sql}`,
    values,
  );
  const found = new Set<string>();
  const walk = (node: Node): void => {
    const name = String(node['Relation Name'] ?? '');
    if (name.startsWith('limit_event_') && Number(node['Actual Loops']) > 0) found.add(name);
    for (const child of (node['Plans'] ?? []) as Node[]) walk(child);
  };
  if (plan !== undefined) walk(plan['QUERY PLAN'][0].Plan);
  return [...found].sort();
}

test('a condition on time limits the partitions scanned, for events, hours and rechecked decisions', async () => {
  const events = Array.from({ length: 40 }, (_, day) =>
    Array.from({ length: 50 }, (_, i) =>
      eventToWrite({ id: `e${day}-${i}`, first_ms: AT - day * DAY_MS + i * 60_000, count: 2 }),
    ),
  );
  for (const day of events) await writeEvents(database.pool, day);
  await database.pool.query('ANALYZE rollgate.limit_event_row');

  const day = 'limit_event_20260309';
  const span = [new Date('2026-03-09T00:00:00Z'), new Date('2026-03-10T00:00:00Z')];
  expect(
    await partitionsOf('SELECT * FROM rollgate_audit.limit_events_v1 WHERE first_at >= $1 AND first_at < $2', span),
  ).toEqual([day]);
  expect(
    await partitionsOf(
      `SELECT * FROM rollgate_audit.limit_events_v1 WHERE first_at >= timestamptz '2026-03-09' AND first_at < timestamptz '2026-03-10' AND account = 'acme'`,
    ),
  ).toEqual([day]);
  const hours = await partitionsOf(
    `WITH parameters AS (SELECT timestamptz '2026-03-09 09:00' AS since)
     SELECT * FROM rollgate_audit.denials_by_hour_v1 WHERE hour >= (SELECT since FROM parameters) AND hour < timestamptz '2026-03-10'`,
  );
  // Finding the oldest and the newest event touches two more partitions.
  expect(hours.filter((name) => name > 'limit_event_20260131' && name < 'limit_event_20260310')).toEqual([day]);
});

test('denials by hour count every denied call once', async () => {
  expect(
    await rows(
      `SELECT hour, account, api, window_name, mode, denials, units, events FROM rollgate_audit.denials_by_hour_v1
       WHERE hour >= timestamptz '2026-03-10' ORDER BY hour`,
    ),
  ).toEqual(
    [
      { hour: new Date('2026-03-10T09:00:00Z'), denials: '60', events: '30', units: '30' },
      { hour: new Date('2026-03-10T10:00:00Z'), denials: '40', events: '20', units: '20' },
    ].map((row) => ({ account: 'acme', api: 'publish-bot', window_name: 'minute', mode: 'enforced', ...row })),
  );
  const [all] = await rows('SELECT sum(denials)::int AS denials FROM rollgate_audit.denials_by_hour_v1');
  expect(all).toEqual({ denials: 40 * 50 * 2 });
});

test('rechecking decisions finds no wrong one, and lists a wrong one under its day', async () => {
  expect(await rows('SELECT * FROM rollgate_audit.recheck_decisions_v1')).toEqual([]);
  const now = Date.now();
  await writeEvents(database.pool, [eventToWrite({ id: 'wrong', first_ms: now, subject: 'x/publish-bot/bot=b' })]);
  const today = new Date(Math.floor(now / DAY_MS) * DAY_MS);
  expect(
    await rows('SELECT event_id, used_recorded FROM rollgate_audit.recheck_decisions_v1 WHERE day = $1', [today]),
  ).toEqual([{ event_id: 'wrong', used_recorded: '0' }]);
  expect(await rows('SELECT * FROM rollgate_audit.recheck_decisions_v1 WHERE day < $1', [today])).toEqual([]);
});

describe('an override is traceable from the limit request to its end', () => {
  let requestId: string;
  let overrideId: string;
  beforeAll(async () => {
    const asked = await change(database, 'ask_limit', {
      by: CUSTOMER,
      values: [{ account: 'acme', api: 'publish-bot', per_minute: 300, reason: 'launch', ticket: 'T-1' }],
    });
    requestId = asked.id;
    const approved = await change(database, 'decide_request', {
      by: SUPPORT,
      values: [requestId, 1, true, { per_minute: 150, expires_at: inHours(24) }, 'half of it'],
    });
    overrideId = approved.override_id as string;
    await change(database, 'change_catalogue', {
      by: ADMIN,
      values: ['publish-bot', 1, { per_minute: 30, allow_lowering: true }, 'too much', 'T-2'],
    });
    await change(database, 'change_override', { by: SUPPORT, values: [overrideId, 1, { per_minute: 200 }, 'more'] });
  });

  test('by its history: by whom, why, old and new values, and the default at that time', async () => {
    expect(
      await rows(
        `SELECT action, actor, role, address, scope, api, per_minute_before, per_minute, default_per_minute, times_per_minute, reason, ticket, limit_request_id
         FROM rollgate_audit.override_history_v1 WHERE override_id = $1 ORDER BY id`,
        [overrideId],
      ),
    ).toEqual(
      [
        {
          action: 'create',
          per_minute_before: null,
          per_minute: 150,
          default_per_minute: 60,
          times_per_minute: '2.50',
          reason: 'launch',
        },
        {
          action: 'change',
          per_minute_before: 150,
          per_minute: 200,
          default_per_minute: 30,
          times_per_minute: '6.67',
          reason: 'more',
        },
      ].map((row) => ({
        actor: 'staff:ann',
        role: 'support',
        address: '10.0.0.7',
        scope: 'api',
        api: 'publish-bot',
        ticket: 'T-1',
        limit_request_id: requestId,
        ...row,
      })),
    );
  });

  test('by the history of its request', async () => {
    expect(
      await rows(
        'SELECT action, actor, state_before, state, answer, override_id FROM rollgate_audit.request_history_v1 ORDER BY id',
      ),
    ).toEqual([
      { action: 'ask', actor: 'account:acme', state_before: null, state: 'open', answer: null, override_id: null },
      {
        action: 'approve',
        actor: 'staff:ann',
        state_before: 'open',
        state: 'approved',
        answer: 'half of it',
        override_id: overrideId,
      },
    ]);
    expect(
      await rows(`SELECT state, seconds_to_decision, override_per_minute FROM rollgate_audit.limit_requests_v1`),
    ).toEqual([{ state: 'approved', seconds_to_decision: '0', override_per_minute: 200 }]);
  });

  test('by the history of the catalogue', async () => {
    expect(
      await rows(
        `SELECT action, actor, per_minute_before, per_minute, shadow, version, ticket FROM rollgate_audit.catalogue_history_v1 WHERE api = 'publish-bot' AND action = 'change'`,
      ),
    ).toEqual([
      {
        action: 'change',
        actor: 'staff:eve',
        per_minute_before: 60,
        per_minute: 30,
        shadow: false,
        version: 2,
        ticket: 'T-2',
      },
    ]);
    expect(
      await rows(
        `SELECT per_minute, shipped_per_minute, edited, level FROM rollgate_audit.catalogue_v1 WHERE api = 'publish-bot'`,
      ),
    ).toEqual([{ per_minute: 30, shipped_per_minute: 60, edited: true, level: 'bot' }]);
  });

  test('while it is in force, with its use, until its end', async () => {
    await database.pool.query('SELECT rollgate.report_use($1)', [
      JSON.stringify([{ id: overrideId, at_ms: AT, peak_minute: 140, peak_hour: 900, needed: true }]),
    ]);
    const inForce = `SELECT times_per_minute, permanent, peak_minute, needed_at FROM rollgate_audit.overrides_in_force_v1 WHERE id = $1`;
    expect(await rows(inForce, [overrideId])).toEqual([
      { times_per_minute: '6.67', permanent: false, peak_minute: 140, needed_at: new Date(AT) },
    ]);
    await change(database, 'expire_override', { by: SUPPORT, values: [overrideId, 2, 'enough'] });
    expect(await rows(inForce, [overrideId])).toEqual([]);
  });
});

test('changes of staff and tokens show who gave whom which role', async () => {
  const record = `SELECT rollgate.record_staff($1, $2, $3, ROW('staff:eve', 'admin', NULL, NULL)::rollgate.author, $4, $5)`;
  await database.pool.query(record, [
    'staff',
    'role',
    'stf_1',
    '{"login": "ann", "role": "viewer"}',
    '{"login": "ann", "role": "admin"}',
  ]);
  await database.pool.query(record, ['token', 'revoke', 'tok_1', '{"name": "ci", "role": "support"}', null]);
  expect(
    await rows(
      'SELECT kind, action, name, actor, actor_role, role_before, role FROM rollgate_audit.staff_history_v1 ORDER BY id',
    ),
  ).toEqual([
    {
      kind: 'staff',
      action: 'role',
      name: 'ann',
      actor: 'staff:eve',
      actor_role: 'admin',
      role_before: 'viewer',
      role: 'admin',
    },
    {
      kind: 'token',
      action: 'revoke',
      name: 'ci',
      actor: 'staff:eve',
      actor_role: 'admin',
      role_before: 'support',
      role: null,
    },
  ]);
});

test('the auditor can explain a denial, read a past limit and verify the history', async () => {
  const [told] = await rows(`SELECT account, "limit", sentence FROM rollgate_audit.explain_denial('e0-0.2')`);
  expect(told).toMatchObject({
    account: 'acme',
    limit: 60,
    sentence: expect.stringMatching(/^Call 2 of acme to publish-bot was denied/),
  });
  expect(await rows(`SELECT * FROM rollgate_audit.explain_denial('none')`)).toEqual([]);
  expect(
    await rows(
      `SELECT per_minute, source FROM rollgate_audit.limit_as_of('acme', 'publish-bot', 'acme/publish-bot/bot=b', now())`,
    ),
  ).toEqual([{ per_minute: 30, source: 'default' }]);
  const [proof] = await rows('SELECT * FROM rollgate_audit.verify_history()');
  expect(proof).toMatchObject({ ok: true, broken_id: null, broken_why: null });
  expect(Number(proof?.['rows_checked'])).toBeGreaterThan(80);
});

test('an override of several APIs is compared with the lowest of their defaults', async () => {
  const least = await rows<{ group_id: string | null; least: number }>(
    `SELECT group_id, min(per_minute) AS least FROM rollgate_audit.catalogue_v1 GROUP BY GROUPING SETS ((), (group_id))`,
  );
  expect(new Set(least.map((scope) => scope.least)).size).toBeGreaterThan(1);
  for (const { group_id, least: expected } of least) {
    const { id } = await change(database, 'create_override', {
      by: ADMIN,
      values: [{ account: 'several', group_id, per_minute: 900, reason: 'r', allow_lowering: true }],
    });
    for (const view of ['overrides_in_force_v1 WHERE id', 'override_history_v1 WHERE override_id'])
      expect(await rows(`SELECT default_per_minute FROM rollgate_audit.${view} = $1`, [id])).toEqual([
        { default_per_minute: expected },
      ]);
  }
});
