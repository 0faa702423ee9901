/** Functions whose comment says that they are inlined never occur in a plan: a rule that has a name costs nothing. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, eventToWrite, type TestDatabase } from '@rollgate/testing';
import pg from 'pg';
import { writeEvents } from './event-rows.js';
import { CATALOGUE, storePolicy } from './random-policy.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await storePolicy(database.pool, [], []);
  await writeEvents(database.pool, [eventToWrite({ id: 'denied', first_ms: Date.now(), subject: SUBJECT })]);
});
afterAll(() => database.drop());

const API = CATALOGUE.entries()[0]?.id;
const SUBJECT = `acme/${API}/bot=b`;
const ACQUIRE = `SELECT rollgate.acquire('{3,5}', '{${SUBJECT},x}', '{1,1}', '{1,1}', '{60,60}', '{1800,1800}')`;

/** What decides, and what resolves limits or reads usage. The first call of `acquire` is cold, the others are granted at once. */
const STATEMENTS = [
  ACQUIRE,
  ACQUIRE,
  `SELECT rollgate.acquire('{3}', '{${SUBJECT}}', '{1}', '{1}', '{60}', '{1800}')`,
  `SELECT * FROM rollgate.peek(3, '{${SUBJECT}}')`,
  `SELECT * FROM rollgate.usage_by_second(3, 'acme/', now() - interval '1 hour')`,
  `SELECT * FROM rollgate.limits_for('acme', '${API}', '${SUBJECT}')`,
  `SELECT * FROM rollgate.limit_as_of('acme', '${API}', '${SUBJECT}', now())`,
  'SELECT * FROM rollgate.near_limit(80, 50)',
  'SELECT * FROM rollgate.recheck_decisions()',
  `SELECT * FROM rollgate.window_filling(3, '${SUBJECT}', 'hour', now())`,
  'SELECT * FROM rollgate_audit.usage_now_v1',
  `SELECT * FROM rollgate_audit.usage_of('acme')`,
  'SELECT * FROM rollgate_audit.near_limit(80)',
  'SELECT * FROM rollgate_audit.overrides_in_force_v1',
  'SELECT * FROM rollgate_audit.catalogue_v1',
  'SELECT * FROM rollgate_audit.limit_events_v1',
] as const;

/** Every plan of these statements and of those inside the functions that they call, as JSON without the statement's text. */
async function plansOf(statements: readonly string[], cacheMode: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const plans: string[] = [];
  client.on('notice', ({ message = '' }) => {
    const from = message.indexOf('{');
    if (!message.includes('plan:') || from < 0) return;
    const { 'Query Text': _, ...plan } = JSON.parse(message.slice(from)) as Record<string, unknown>;
    plans.push(JSON.stringify(plan));
  });
  try {
    await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_verbose = on;
      SET auto_explain.log_nested_statements = on; SET auto_explain.log_format = json; SET client_min_messages = log;
      SET plan_cache_mode = ${cacheMode}`);
    for (const statement of statements) await client.query(statement);
    return plans;
  } finally {
    await client.end();
  }
}

test.each(['auto', 'force_generic_plan', 'force_custom_plan'])('with plan_cache_mode = %s', async (cacheMode) => {
  const { rows } = await database.pool.query<{ name: string }>(
    `SELECT p.proname AS name FROM pg_proc p
     WHERE p.pronamespace = 'rollgate'::regnamespace AND obj_description(p.oid, 'pg_proc') LIKE '%; inlined'`,
  );
  const inlined = rows.map(({ name }) => name);
  expect(inlined).toEqual(expect.arrayContaining(['window_base', 'free_units', 'in_force', 'override_rank']));
  const plans = await plansOf(STATEMENTS, cacheMode);
  expect(plans.length).toBeGreaterThan(STATEMENTS.length);
  const calls = new RegExp(`rollgate\\.(${inlined.join('|')})\\(`, 'g');
  expect(plans.flatMap((plan) => plan.match(calls) ?? [])).toEqual([]);
});
