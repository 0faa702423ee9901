/** Reads of recent events leave the partitions of older days alone: each is read while another session has locked an older day. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { calls, type Desk, inHours, type Json, openDesk, path } from './admin-traffic.js';

const ANSWER_WITHIN_MS = 10_000;
/** Older than any of these reads looks, the clocks' slack included. */
const DAYS_AGO = 20;

let desk: Desk;
let locking: pg.Client;
let request: string;

beforeAll(async () => {
  desk = await openDesk();
  await calls(desk.limiter, 61);
  const { body } = await desk.support.post(path('requests'), {
    account: 'acme',
    api: 'publish-bot',
    perMinute: 90,
    reason: 'launch',
  });
  request = (body as Json)['request']['id'] ?? (body as Json)['request'];
  locking = new pg.Client({ connectionString: desk.database.url });
  await locking.connect();
  const { rows } = await locking.query<{ day: string }>(
    `SELECT ((clock_timestamp() AT TIME ZONE 'UTC')::date - $1::int)::text AS day`,
    [DAYS_AGO],
  );
  const day = rows[0]?.day as string;
  await locking.query('SELECT rollgate.make_event_day($1)', [day]);
  await locking.query('BEGIN');
  await locking.query(`LOCK rollgate.limit_event_${day.replaceAll('-', '')} IN ACCESS EXCLUSIVE MODE`);
});

afterAll(async () => {
  await locking?.end();
  await desk?.close();
});

/** @throws Error when there is no answer while the older day is locked */
async function answered(read: Promise<{ status: number }>): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('waits for the lock of an older day')), ANSWER_WITHIN_MS);
  });
  try {
    return (await Promise.race([read, late])).status;
  } finally {
    clearTimeout(timer);
  }
}

test.each(['accounts', 'accounts?q=ac', 'accounts/acme', 'accounts/acme/usage', 'accounts/acme/strip'])(
  'GET %s',
  async (read) => {
    expect(await answered(desk.admin.get(path(read)))).toBe(200);
  },
);

test('a limit request with its proof', async () => {
  expect(await answered(desk.admin.get(path(`requests/${request}`)))).toBe(200);
});

test('the preview of an override', async () => {
  const proposal = { account: 'acme', api: 'publish-bot', perMinute: 90, expiresAt: inHours(1) };
  expect(await answered(desk.admin.post(path('overrides/preview'), proposal))).toBe(200);
});

test('finding the subjects with a value', async () => {
  const client = await desk.database.pool.connect();
  try {
    await client.query(`SET lock_timeout = ${ANSWER_WITHIN_MS}`);
    const { rows } = await client.query(`SELECT * FROM rollgate.find_subjects('bot-1', 5)`);
    expect(rows).toBeDefined();
  } finally {
    client.release(true);
  }
});
