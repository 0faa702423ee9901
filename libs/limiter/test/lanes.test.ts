import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '@rollgate/testing';
import { laneRules } from './lane-rules.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test.each(Object.entries(laneRules))('%s', (_rule, check) => check(database.pool));

const acquire = `SELECT * FROM rollgate.acquire(ARRAY[1], ARRAY['acme/a/'], ARRAY[1], ARRAY[1], ARRAY[9], ARRAY[9])`;

test.each(['REPEATABLE READ', 'SERIALIZABLE'])('a decision under %s is rejected', async (level) => {
  const client = await database.pool.connect();
  try {
    await client.query(`BEGIN ISOLATION LEVEL ${level}`);
    await expect(client.query(acquire)).rejects.toThrow(/under READ COMMITTED only/);
  } finally {
    client.release(true);
  }
});

describe('the same subject twice in a batch', () => {
  const twice = (name: string) =>
    database.pool.query(
      `SELECT granted FROM rollgate.acquire(ARRAY[1,1], ARRAY[$1, $1], ARRAY[1,1], ARRAY[1,1], ARRAY[9,9], ARRAY[9,9])`,
      [name],
    );

  test('a duplicate subject is rejected when each row would count from the same total', async () => {
    await expect(twice('acme/twice/')).rejects.toThrow(/contains a subject twice/);
  });

  test('a duplicate subject is rejected when one row would be granted before the other is read, and nothing is written', async () => {
    await database.pool.query(acquire);
    const before = await total('acme/a/');
    await expect(twice('acme/a/')).rejects.toThrow(/contains a subject twice/);
    expect(await total('acme/a/')).toBe(before);
  });

  const total = async (name: string): Promise<number> => {
    const { rows } = await database.pool.query('SELECT total::int FROM rollgate.counter WHERE subject = $1', [name]);
    return rows[0].total;
  };
});

describe('writes', () => {
  test('a denial takes no transaction ID and writes nothing', async () => {
    const name = 'acme/quiet/';
    const ask = `SELECT granted, pg_current_xact_id_if_assigned() AS xid FROM rollgate.acquire(ARRAY[2], ARRAY['${name}'], ARRAY[1], ARRAY[1], ARRAY[1], ARRAY[9])`;
    const granted = await database.pool.query(ask);
    expect(granted.rows[0].granted).toEqual([1]);
    const before = await database.pool.query(`SELECT xmin, ctid, total FROM rollgate.counter WHERE subject = $1`, [
      name,
    ]);
    const denied = await database.pool.query(ask);
    expect(denied.rows).toEqual([{ granted: [0], xid: null }]);
    const after = await database.pool.query(`SELECT xmin, ctid, total FROM rollgate.counter WHERE subject = $1`, [
      name,
    ]);
    expect(after.rows).toEqual(before.rows);
  });

  test('a grant within the minute is a HOT update', async () => {
    const client = await database.pool.connect();
    try {
      const at = "timestamptz '2026-01-01 00:00:10Z'";
      for (let i = 0; i < 20; i++) {
        await client.query(
          `SELECT * FROM rollgate.acquire(ARRAY[3], ARRAY['acme/hot/'], ARRAY[1], ARRAY[1], ARRAY[99], ARRAY[99], ${at} + ${i} * interval '1 s')`,
        );
      }
      await client.query('SELECT pg_stat_force_next_flush()');
      const hot = await client.query<{ hot: number }>(
        `SELECT pg_stat_get_tuples_hot_updated('rollgate.counter'::regclass)::int AS hot`,
      );
      expect(hot.rows[0]?.hot).toBeGreaterThanOrEqual(19);
    } finally {
      client.release();
    }
  });
});
