/** Changes that are made together: one transaction, one batch, one chain of hashes; with mutants of the functions that keep it so. */
import { describe, expect, test } from '@jest/globals';
import { withMutant } from './mutant.js';
import { ADMIN } from './policy-author.js';
import { usePolicyDesk } from './policy-desk.js';

const desk = usePolicyDesk({ author: ADMIN });
const BY = `ROW('cli:x', 'admin', 'local', 'cli')::rollgate.author`;
let accounts = 0;
const account = () => `batch-${++accounts}`;

interface Imported {
  readonly batch: string;
  readonly id: string | null;
  readonly refusal: string | null;
  readonly lowered: readonly object[] | null;
}

/** Imports the rows in steps of one transaction. With a refused row nothing is stored. */
async function imported(...steps: readonly (readonly object[])[]): Promise<Imported[]> {
  const client = await desk.pool.connect();
  try {
    await client.query('BEGIN');
    const all: Imported[] = [];
    for (const rows of steps) {
      const specs = rows.map((row) => ({ api: 'publish-bot', per_hour: 9_000, reason: 'r', ...row }));
      const { rows: made } = await client.query<Imported>(
        `SELECT i.batch, (i.changed).id, i.refusal, i.lowered FROM rollgate.import_overrides($1, $2, ${BY}) i`,
        [all[0]?.batch ?? null, JSON.stringify(specs)],
      );
      all.push(...made);
    }
    await client.query(all.every(({ refusal }) => refusal === null) ? 'COMMIT' : 'ROLLBACK');
    return all;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

const verify = async (): Promise<{ broken_id: string | null; broken_why: string | null }> =>
  (await desk.pool.query('SELECT broken_id, broken_why FROM rollgate.verify_history()')).rows[0];
const undo = async (batch: string | undefined) =>
  (await desk.pool.query(`SELECT * FROM rollgate.undo_batch($1, 'r', ${BY})`, [batch])).rows[0];

/** The history with a row changed, as its owner could, is checked and then restored. */
async function verifiedAfter(sql: string, values: unknown[]): Promise<string | null> {
  const client = await desk.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('ALTER TABLE rollgate.history DISABLE TRIGGER USER');
    await client.query(sql, values);
    return (await client.query('SELECT broken_id FROM rollgate.verify_history()')).rows[0].broken_id;
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

describe('a batch', () => {
  const severalSteps = async () => {
    const made = await imported(
      [
        { account: account(), per_minute: 300 },
        { account: account(), per_minute: 300 },
      ],
      [{ account: account(), per_minute: 300 }],
    );
    await desk.create({ api: 'publish-bot', per_minute: 100 });
    expect(new Set(made.map(({ batch }) => batch)).size).toBe(1);
    expect(await verify()).toEqual({ broken_id: null, broken_why: null });
    return made;
  };

  test('of several steps is one chain with the changes before and after it', async () => {
    await severalSteps();
  });

  test('belongs to one transaction', async () => {
    const [made] = await severalSteps();
    await expect(
      desk.pool.query(`SELECT * FROM rollgate.import_overrides($1, '[]', ${BY})`, [made?.batch]),
    ).rejects.toMatchObject({ code: 'RG409', message: `The batch ${made?.batch} is complete.` });
    await expect(
      desk.pool.query(`SELECT * FROM rollgate.import_overrides('bat_9999', '[]', ${BY})`),
    ).rejects.toMatchObject({ code: 'RG409' });
  });

  const newestApplies = async () => {
    const one = account();
    await imported([
      { account: one, per_minute: 300 },
      { account: one, per_minute: 400 },
    ]);
    const { rows } = await desk.pool.query(`SELECT per_minute FROM rollgate.limits_for($1, 'publish-bot', '')`, [one]);
    expect(rows).toEqual([{ per_minute: 400 }]);
  };
  test('gives each override its own version, so that the last of equals applies', newestApplies);

  const lowersAreSeen = async () => {
    const [before, untouched] = [account(), account()];
    await imported([{ account: before, per_minute: 500 }]);
    const rows = [untouched, before].map((name) => ({ account: name, per_minute: 400 }));
    expect((await imported(rows)).map(({ refusal }) => refusal)).toEqual([null, 'RG409']);
  };
  test('compares each row with the limits of its own account', lowersAreSeen);

  const batchIsHashed = async () => {
    const [made] = await severalSteps();
    const [{ id }] = (
      await desk.pool.query('SELECT min(id) AS id FROM rollgate.history WHERE batch = $1', [made?.batch])
    ).rows as [{ id: string }];
    expect(await verifiedAfter(`UPDATE rollgate.history SET batch = 'bat_0' WHERE id = $1`, [id])).toBe(id);
    expect(await verifiedAfter('UPDATE rollgate.history SET batch = NULL WHERE id = $1', [id])).toBe(id);
  };
  test('is part of the hash of its rows', batchIsHashed);

  test('does not hide a row that was removed before it', async () => {
    await severalSteps();
    const client = await desk.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('ALTER TABLE rollgate.history DISABLE TRIGGER USER');
      await client.query('DELETE FROM rollgate.history WHERE id = (SELECT max(id) FROM rollgate.history)');
      const spec = { account: account(), api: 'publish-bot', per_minute: 300, per_hour: 9_000, reason: 'r' };
      await client.query(`SELECT * FROM rollgate.import_overrides(NULL, $1, ${BY})`, [JSON.stringify([spec])]);
      const { rows } = await client.query('SELECT broken_why FROM rollgate.verify_history()');
      expect(rows).toEqual([{ broken_why: 'the row before it is missing' }]);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });

  const undoneWhole = async () => {
    const [made, other] = await severalSteps();
    const undone = await undo(made?.batch);
    expect([undone.changes, undone.lowered_count]).toEqual([3, 6]);
    await expect(undo(made?.batch)).rejects.toMatchObject({
      code: 'RG409',
      message: expect.stringContaining(`${other?.id}`),
    });
    expect(await verify()).toEqual({ broken_id: null, broken_why: null });
  };
  test('is undone once, by a batch', undoneWhole);

  test.each([
    ['the end of a step is not written', 'close_batch', 'coalesce(h.id, l.history_id)', 'l.history_id', severalSteps],
    ['rows of a step do not follow one another', 'record', 'IF found THEN', 'IF false THEN', severalSteps],
    [
      'all rows have one version',
      'import_overrides',
      'v_ledger.policy_version + 1',
      'v_ledger.policy_version',
      newestApplies,
    ],
    ['accounts with overrides count as new', 'policy_of', 'o.account = p_account', 'false', lowersAreSeen],
    ['the hash leaves the batch out', 'history_hash', 'jsonb_build_array(h.batch)', `'[]'`, batchIsHashed],
    ['later changes are ignored', 'refuse_changed_batch', `v_items <> '{}'`, 'false', undoneWhole],
  ])('a mutant is caught: %s', async (_, routine, from, to, rule) => {
    // A mutant may leave a broken history behind.
    await desk.close();
    await desk.open();
    await rule();
    await withMutant(desk.pool, { routine, from, to }, () => expect(rule()).rejects.toThrow());
  });
});
