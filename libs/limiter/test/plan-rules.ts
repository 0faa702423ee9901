/**
 * Rules that the answers of `rollgate.acquire` do not depend on the plan that Postgres chooses. Each check throws when
 * its rule is broken.
 */
import { expect } from '@jest/globals';
import type pg from 'pg';

const LANE = 7;
const LIMIT = 1000;

/**
 * Leaves Postgres one join method. With `merge` the rows are returned in key order, whatever the order of the batch.
 */
const JOINS = {
  'nested loop': ['enable_hashjoin', 'enable_mergejoin'],
  hash: ['enable_nestloop', 'enable_mergejoin'],
  merge: ['enable_nestloop', 'enable_hashjoin'],
} as const;
type Join = keyof typeof JOINS;

/** Removes the planner settings of the decision functions, so that the session's settings apply. */
export const WITHOUT_OWN_SETTINGS = `
  ALTER FUNCTION rollgate.acquire RESET ALL;
  ALTER FUNCTION rollgate.acquire SET search_path = pg_catalog, pg_temp`;

interface Batch {
  readonly subjects: readonly string[];
  readonly calls: readonly number[];
}

/** Calls granted for each subject, by the keys of the answer. */
async function grantedOf(client: pg.ClientBase, { subjects, calls }: Batch): Promise<Record<string, number>> {
  const same = (value: number): number[] => subjects.map(() => value);
  const { rows } = await client.query<{ item: number[]; granted: number[] }>(
    'SELECT item, granted FROM rollgate.acquire($1, $2, $3, $4, $5, $6)',
    [same(LANE), subjects, same(1), calls, same(LIMIT), same(LIMIT)],
  );
  const { item, granted } = rows[0] as { item: number[]; granted: number[] };
  return Object.fromEntries(item.map((place, i) => [subjects[place - 1], granted[i]]));
}

/** Runs in a transaction that is rolled back, with one join method. */
async function byJoin(pool: pg.Pool, join: Join, work: (client: pg.ClientBase) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`BEGIN; ${WITHOUT_OWN_SETTINGS}; DISCARD PLANS`);
    for (const setting of JOINS[join]) await client.query(`SET LOCAL ${setting} = off`);
    await work(client);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

async function grantedByPlan(pool: pg.Pool, batch: Batch, prepare: (client: pg.ClientBase) => Promise<unknown>) {
  const found: Record<string, Record<string, number>> = {};
  for (const join of Object.keys(JOINS) as Join[])
    await byJoin(pool, join, async (client) => {
      await prepare(client);
      found[join] = await grantedOf(client, batch);
    });
  return found;
}

const BATCH: Batch = { subjects: ['zz', 'mm', 'aa'], calls: [1, 2, 5] };
const GRANTED = { zz: 1, mm: 2, aa: 5 };
const NEW_BATCH: Batch = { subjects: ['zz', 'mm', 'aa'], calls: [5, 1, 2] };
const NEW_GRANTED = { zz: 5, mm: 1, aa: 2 };
const HEADS: Batch = { subjects: ['aa', 'mm', 'zz'], calls: [1, 1, 1] };

export const planRules: Readonly<Record<string, (pool: pg.Pool) => Promise<void>>> = {
  async 'each item is answered with its own grants, whatever join Postgres uses'(pool) {
    const found = await grantedByPlan(pool, BATCH, (client) => grantedOf(client, HEADS));
    expect(found).toEqual({ 'nested loop': GRANTED, hash: GRANTED, merge: GRANTED });
  },

  async 'each new subject is answered with its own grants, whatever join Postgres uses'(pool) {
    const found = await grantedByPlan(pool, NEW_BATCH, async () => undefined);
    expect(found).toEqual({ 'nested loop': NEW_GRANTED, hash: NEW_GRANTED, merge: NEW_GRANTED });
  },

  async 'a batch that contains a subject twice is rejected, even if all its calls could be granted'(pool) {
    for (const heads of [{ subjects: [], calls: [] }, HEADS])
      for (const join of Object.keys(JOINS) as Join[])
        await byJoin(pool, join, async (client) => {
          if (heads.subjects.length > 0) await grantedOf(client, heads);
          await expect(grantedOf(client, { subjects: ['zz', 'aa', 'zz'], calls: [1, 1, 1] })).rejects.toMatchObject({
            code: '22023',
          });
        });
  },
};
