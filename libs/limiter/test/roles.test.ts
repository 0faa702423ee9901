/** Database privileges: each role is rejected for what it must not do, and can do what it is for. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type TestDatabase } from '@rollgate/testing';
import { createSampleDatabase } from './sample-limiter.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createSampleDatabase();
});
afterAll(() => database.drop());

const BY = `ROW('staff:x', 'admin', NULL, NULL)::rollgate.author`;
const SPEC = `'{"account": "acme", "factor": 2, "reason": "r"}'`;
const ACQUIRE = `rollgate.acquire(ARRAY[1], ARRAY['acme/publish-bot/bot=b'], ARRAY[1], ARRAY[1], ARRAY[60], ARRAY[1800])`;

/** Runs SQL with only the privileges of the role, and rolls it back. */
async function as(role: string, sql: string): Promise<unknown> {
  const client = await database.pool.connect();
  try {
    await client.query(`BEGIN; SET LOCAL SESSION AUTHORIZATION ${role}`);
    return await client.query(sql);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}
const denied = expect.objectContaining({ code: '42501' });

const NOBODY_MAY = [
  'SET ROLE rollgate_owner',
  'SET ROLE postgres',
  'CREATE TABLE rollgate.mine ()',
  'CREATE TABLE rollgate_audit.mine ()',
  'CREATE TABLE public.mine ()',
  'CREATE SCHEMA mine',
  'CREATE ROLE mine',
  `CREATE FUNCTION rollgate.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
  'ALTER TABLE rollgate.history DISABLE TRIGGER USER',
  'DROP VIEW rollgate_audit.limit_events_v1',
  'DROP TABLE rollgate.counter',
  'TRUNCATE rollgate.history',
  'INSERT INTO rollgate.history SELECT * FROM rollgate.history',
  `UPDATE rollgate.history SET reason = 'x'`,
  'DELETE FROM rollgate.limit_event_row',
  'UPDATE rollgate.limit_event_row SET count = 1',
  'INSERT INTO rollgate.override (id) VALUES (NULL)',
  'UPDATE rollgate.catalogue SET per_minute = 1',
  'UPDATE rollgate.ceiling SET times = 1000',
  'UPDATE rollgate.ledger SET policy_version = 0',
  'UPDATE rollgate.counter SET total = 0',
  'SELECT FROM rollgate.counter',
  'SELECT FROM rollgate.bucket',
  `SELECT rollgate.record('override', 'x', 'x', 'x', ${BY}, NULL, NULL, 'r')`,
  'SELECT rollgate.open_ledger(true)',
  `COPY rollgate.history TO '/tmp/history'`,
  `COPY (SELECT 1) TO PROGRAM 'true'`,
  `SELECT pg_read_file('postgresql.conf')`,
  'SET session_replication_role = replica',
  'ALTER ROLE rollgate_owner LOGIN',
];

const ROLES: Record<string, { mayNot: string[]; may: string[] }> = {
  rollgate_auditor: {
    mayNot: [
      'SELECT FROM rollgate.history',
      'SELECT FROM rollgate.limit_event',
      'SELECT FROM rollgate.override_history',
      'SELECT FROM rollgate.staff',
      'SELECT FROM rollgate.sign_in_log',
      'SELECT FROM rollgate.access_log',
      `SELECT rollgate.note_access(${BY}, 'list', 'acme', 'x', '{}')`,
      'DELETE FROM rollgate_audit.access_log_v1',
      'SELECT FROM rollgate.migration',
      `SELECT FROM ${ACQUIRE}`,
      `SELECT rollgate.reset(1, 'x')`,
      `SELECT rollgate.write_events('[]')`,
      `SELECT rollgate.create_override(${SPEC}, NULL)`,
      `SELECT rollgate.decode_part('x')`,
      'SELECT * FROM rollgate.verify_history()',
      `SELECT * FROM rollgate.usage_of('acme')`,
      'SELECT * FROM rollgate.near_limit(80, 1)',
      'SELECT * FROM rollgate.live_usage(NULL, NULL, false, NULL)',
      `UPDATE rollgate_audit.catalogue_v1 SET title = 'x'`,
      `DELETE FROM rollgate_audit.quarantines_v1`,
      'INSERT INTO rollgate_audit.staff_history_v1 (id) VALUES (1)',
      'SET ROLE rollgate_runtime',
      'SET ROLE rollgate_admin_api',
    ],
    may: [
      `SELECT * FROM rollgate_audit.explain_denial('x')`,
      'SELECT * FROM rollgate_audit.sign_ins_v1',
      'SELECT * FROM rollgate_audit.access_log_v1',
      `SELECT * FROM rollgate_audit.limit_as_of('acme', 'publish-bot', 'acme/publish-bot/bot=b', now())`,
      'SELECT * FROM rollgate_audit.verify_history()',
      'SELECT * FROM rollgate_audit.usage_at(now())',
      `SELECT * FROM rollgate_audit.usage_of('acme')`,
      'SELECT * FROM rollgate_audit.near_limit(80)',
      'SELECT * FROM rollgate_audit.recheck_decisions(now(), now())',
    ],
  },
  rollgate_runtime: {
    mayNot: [
      'SELECT FROM rollgate.history',
      'SELECT FROM rollgate.limit_event',
      'SELECT FROM rollgate.staff',
      'SELECT FROM rollgate_audit.limit_events_v1',
      `SELECT * FROM rollgate_audit.usage_of('acme')`,
      'SELECT * FROM rollgate_audit.near_limit(80)',
      'SELECT * FROM rollgate.near_limit(80, 1)',
      'SELECT * FROM rollgate.live_usage(NULL, NULL, false, NULL)',
      `SELECT rollgate.create_override(${SPEC}, ${BY})`,
      `SELECT rollgate.decide_request('req_1', 1, true, '{}', 'ok', ${BY})`,
      `SELECT rollgate.record_staff('staff', 'add', 'x', ${BY}, NULL, NULL)`,
      `SELECT rollgate.note_sign_in('unknown', 'password', 'x', NULL, NULL, NULL, NULL)`,
      `SELECT rollgate.note_access(${BY}, 'list', 'acme', 'x', '{}')`,
      'SELECT rollgate.prune_access(400)',
      'SELECT rollgate.maintain_events(1, 1)',
      `SELECT FROM rollgate.sweep(1, '', '', 0, 1, 3661)`,
      'SELECT rollgate.sweep_freed()',
      `SELECT rollgate.begin_quarantine('x', 'x')`,
      'SET ROLE rollgate_admin_api',
    ],
    may: [
      `SELECT FROM ${ACQUIRE}`,
      `SELECT FROM rollgate.peek(1, ARRAY['x'])`,
      `SELECT rollgate.refund(1, 'x', 1, 1)`,
      `SELECT rollgate.reset(1, 'x')`,
      `SELECT FROM rollgate.sync_instance('n', 'n', 0, 'normal', NULL)`,
      `SELECT FROM rollgate.freed_since(NULL, NULL)`,
      `SELECT rollgate.report_clock_jump('n', 0, 0)`,
      `SELECT rollgate.write_events('[]')`,
      `SELECT FROM rollgate.ask_limit('{"account": "acme", "per_minute": 1, "reason": "r"}', ROW('account:acme', 'customer', NULL, NULL)::rollgate.author)`,
    ],
  },
  rollgate_maintenance: {
    mayNot: [
      `SELECT FROM ${ACQUIRE}`,
      'SELECT FROM rollgate.history',
      'SELECT FROM rollgate.limit_event',
      'SELECT FROM rollgate_audit.limit_events_v1',
      `SELECT rollgate.create_override(${SPEC}, ${BY})`,
      `SELECT rollgate.reset(1, 'x')`,
      'SELECT FROM rollgate_audit.sign_ins_v1',
    ],
    may: [
      'SELECT rollgate.prune_access(400)',
      'SELECT rollgate.maintain_events(90, 3)',
      `SELECT FROM rollgate.sweep(1, '', '', 0, 1, 3661)`,
    ],
  },
  rollgate_admin_api: {
    mayNot: [
      'SELECT FROM rollgate_audit.limit_events_v1',
      'DELETE FROM rollgate.staff',
      'DELETE FROM rollgate.service_token',
    ],
    may: [
      `SELECT FROM rollgate.create_override(${SPEC}, ${BY})`,
      `SELECT FROM ${ACQUIRE}`,
      'SELECT rollgate.maintain_events(90, 3)',
      'SELECT FROM rollgate.history',
      'SELECT FROM rollgate.limit_event',
      'SELECT * FROM rollgate.override_history',
      'SELECT * FROM rollgate.request_history',
      'SELECT * FROM rollgate.verify_history()',
    ],
  },
};

describe.each(Object.entries(ROLES))('%s', (role, { mayNot, may }) => {
  test.each([...NOBODY_MAY, ...mayNot])('the role may not run: %s', async (sql) => {
    await expect(as(role, sql)).rejects.toEqual(denied);
  });

  test.each(may)('the role may run: %s', async (sql) => {
    await as(role, sql);
  });
});

describe('the auditor', () => {
  test('the auditor can read every view of the schema rollgate_audit, and every view and column has a comment', async () => {
    const { rows } = await database.pool.query<{ view: string; uncommented: string[] | null }>(
      `SELECT c.oid::regclass::text AS view,
              (SELECT array_agg(a.attname::text) FROM pg_attribute a
               WHERE a.attrelid = c.oid AND a.attnum >= 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL) AS uncommented
       FROM pg_class c WHERE c.relnamespace = 'rollgate_audit'::regnamespace AND obj_description(c.oid) IS NOT NULL ORDER BY 1`,
    );
    expect(rows.map(({ view }) => view.replace('rollgate_audit.', ''))).toEqual([
      'access_log_v1',
      'catalogue_history_v1',
      'catalogue_v1',
      'denials_by_hour_v1',
      'limit_events_v1',
      'limit_requests_v1',
      'override_history_v1',
      'overrides_in_force_v1',
      'plan_assignments_v1',
      'plan_history_v1',
      'plans_v1',
      'policy_files_v1',
      'quarantines_v1',
      'recheck_decisions_v1',
      'request_history_v1',
      'resets_v1',
      'sign_ins_v1',
      'staff_history_v1',
      'usage_by_day_v1',
      'usage_by_hour_v1',
      'usage_by_minute_v1',
      'usage_now_v1',
    ]);
    for (const { view, uncommented } of rows) {
      expect([view, uncommented]).toEqual([view, null]);
      await as('rollgate_auditor', `SELECT * FROM ${view}`);
    }
  });

  test("the auditor is a group role that can't sign in, so no member can change its settings for others", async () => {
    const { rows } = await database.pool.query(
      `SELECT rolconfig, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication,
              (SELECT count(*) FROM pg_auth_members m WHERE m.member = r.oid)::int AS member_of
       FROM pg_roles r WHERE rolname = 'rollgate_auditor'`,
    );
    expect(rows).toEqual([
      {
        rolconfig: null,
        rolcanlogin: false,
        rolsuper: false,
        rolcreaterole: false,
        rolcreatedb: false,
        rolbypassrls: false,
        rolreplication: false,
        member_of: 0,
      },
    ]);
  });
});
