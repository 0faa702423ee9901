/** The limit that applied at any moment of the past, read from the history alone. */

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type TestDatabase } from '@rollgate/testing';
import { createSampleDatabase } from './sample-limiter.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createSampleDatabase();
});
afterAll(() => database.drop());

const BY = `ROW('staff:ann', 'admin', NULL, NULL)::rollgate.author`;
const SUBJECT = 'acme/publish-bot/bot=b';
const DEFAULT = { per_minute: 60, per_hour: 1800, source: 'default', mode: 'enforced', catalogue_version: 1 };

const now = async (): Promise<Date> => {
  // Read as text, because a Date has no microseconds.
  const { rows } = await database.pool.query('SELECT clock_timestamp()::text AS now');
  return rows[0].now;
};
const change = async (sql: string, values: unknown[]): Promise<string> => {
  const { rows } = await database.pool.query(`SELECT (x.changed).* FROM ${sql} x`, values);
  return rows[0]?.id;
};
const asOf = async (at: unknown, account = 'acme', subject = SUBJECT) => {
  const { rows } = await database.pool.query('SELECT * FROM rollgate.limit_as_of($1, $2, $3, $4)', [
    account,
    'publish-bot',
    subject,
    at,
  ]);
  return rows[0];
};
/** The limit in force now, to compare with the past. */
const limitsFor = async () => {
  const { rows } = await database.pool.query('SELECT * FROM rollgate.limits_for($1, $2, $3)', [
    'acme',
    'publish-bot',
    SUBJECT,
  ]);
  return rows[0];
};

interface Moment {
  readonly at: Date;
  readonly limits: unknown;
}

/** Changes the limits of the subject step by step. Returns the two overrides, and each moment with the limits in force. */
async function changeStepByStep(): Promise<{ wide: unknown; narrow: unknown; moments: Moment[] }> {
  const moments: Moment[] = [];
  const moment = async (): Promise<void> => {
    moments.push({ at: await now(), limits: await limitsFor() });
  };
  await moment();
  const wide = await change(`rollgate.create_override($1, ${BY})`, [
    JSON.stringify({ account: 'acme', per_minute: 100, reason: 'wide', allow_lowering: true }),
  ]);
  await moment();
  const narrow = await change(`rollgate.create_override($1, ${BY})`, [
    JSON.stringify({ account: 'acme', api: 'publish-bot', subject: SUBJECT, per_hour: 9000, reason: 'narrow' }),
  ]);
  await moment();
  await change(
    `rollgate.change_override($1, NULL, '{"per_minute": 7, "mode": "shadow", "allow_lowering": true}', 'less', ${BY})`,
    [narrow],
  );
  await moment();
  await change(`rollgate.expire_override($1, NULL, 'enough', ${BY})`, [narrow]);
  await moment();
  await change(
    `rollgate.change_catalogue('publish-bot', 1, '{"per_hour": 5, "shadow": true, "allow_lowering": true}', 'edit', NULL, ${BY})`,
    [],
  );
  await moment();
  await change(`rollgate.restore_override($1, NULL, NULL, 'again', ${BY}, true)`, [narrow]);
  await moment();
  await change(`rollgate.create_override($1, ${BY})`, [
    JSON.stringify({
      account: 'acme',
      group_id: 'bot-definition',
      per_minute: 3,
      reason: 'its group',
      allow_lowering: true,
    }),
  ]);
  await moment();
  await change(`rollgate.expire_override($1, NULL, 'enough', ${BY})`, [narrow]);
  await moment();
  return { wide, narrow, moments };
}

test('each moment has the limit that applied then, through creation, change, end and an edit of the defaults', async () => {
  const { wide, narrow, moments } = await changeStepByStep();
  expect(moments.map(({ limits }) => (limits as { source: string }).source)).toEqual([
    'default',
    wide,
    narrow,
    narrow,
    wide,
    wide,
    narrow,
    narrow,
    expect.not.stringMatching(`^(${wide}|${narrow})$`),
  ]);
  for (const { at, limits } of moments) expect(await asOf(at)).toMatchObject(limits as object);
  expect(await asOf(moments[0]?.at)).toEqual(DEFAULT);
  expect(await asOf(moments[5]?.at, 'other')).toEqual({
    ...DEFAULT,
    per_hour: 5,
    mode: 'shadow',
    catalogue_version: 2,
  });
  expect(await asOf(moments[3]?.at, 'acme', 'acme/publish-bot/bot=c')).toMatchObject({
    source: wide,
    mode: 'enforced',
  });
});

test('a factor multiplied the default of its moment', async () => {
  const account = 'times';
  const subject = 'times/publish-bot/bot=b';
  await change(`rollgate.create_override($1, ${BY})`, [
    JSON.stringify({ account, factor: 2.5, reason: 'r', allow_lowering: true }),
  ]);
  const before = await now();
  const { rows } = await database.pool.query(
    `SELECT version, per_minute FROM rollgate.catalogue WHERE api = 'publish-bot'`,
  );
  const edit = (changes: object) =>
    database.pool.query(
      `SELECT FROM rollgate.change_catalogue('publish-bot', (SELECT version FROM rollgate.catalogue WHERE api = 'publish-bot'), $1, 'r', NULL, ${BY})`,
      [JSON.stringify({ ...changes, allow_lowering: true })],
    );
  await edit({ per_minute: 61 });
  expect(await asOf(await now(), account, subject)).toMatchObject({ per_minute: 153 }); // 152.5, rounded up
  await edit({ per_minute: rows[0].per_minute });
  expect(await asOf(before, account, subject)).toMatchObject({ per_minute: 150 });
});

test('an override is in force from its start until just before its end, with nothing written at either time', async () => {
  const id = await change(`rollgate.create_override($1, ${BY})`, [
    JSON.stringify({
      account: 'timed',
      per_minute: 1,
      allow_lowering: true,
      reason: 'r',
      starts_at: '2099-01-01T00:00:00Z',
      expires_at: '2099-02-01T00:00:00Z',
    }),
  ]);
  const source = async (at: string) => (await asOf(at, 'timed')).source;
  expect(await source('2098-12-31T23:59:59.999999Z')).toBe('default');
  expect(await source('2099-01-01T00:00:00Z')).toBe(id);
  expect(await source('2099-01-31T23:59:59.999999Z')).toBe(id);
  expect(await source('2099-02-01T00:00:00Z')).toBe('default');
});

test('an API had no limit before it was registered', async () => {
  expect(await asOf('2000-01-01T00:00:00Z')).toBeUndefined();
});
