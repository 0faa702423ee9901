/** The history is complete and append-only, and shows any row that was changed or removed. */
import { describe, expect, test } from '@jest/globals';
import { inHours, SUPPORT } from './policy-author.js';
import { usePolicyDesk } from './policy-desk.js';

const desk = usePolicyDesk({ author: SUPPORT });
const refused = (code: string) => expect.objectContaining({ code });

describe('the history', () => {
  const verify = async () =>
    (
      await desk.pool.query<{ broken_id: string | null; broken_why: string | null; rows_checked: string }>(
        'SELECT * FROM rollgate.verify_history()',
      )
    ).rows[0];
  const asOwner = async (sql: string, values: unknown[] = []) => {
    const client = await desk.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('ALTER TABLE rollgate.history DISABLE TRIGGER USER');
      await client.query(sql, values);
      const { rows } = await client.query('SELECT * FROM rollgate.verify_history()');
      return rows[0];
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  };

  test('concurrent changes form one chain in the history', async () => {
    await Promise.all(
      Array.from({ length: 20 }, () => desk.create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) })),
    );
    expect(await verify()).toMatchObject({ broken_id: null });
  });

  test.each([
    ['a changed value', `UPDATE rollgate.history SET after = jsonb_set(after, '{perMinute}', '1') WHERE id = $1`, 0],
    ['a changed reason', `UPDATE rollgate.history SET reason = 'x' WHERE id = $1`, 0],
    ['a changed time', `UPDATE rollgate.history SET at = at + interval '1 microsecond' WHERE id = $1`, 0],
    ['a removed row', 'DELETE FROM rollgate.history WHERE id = $1', 1],
    [
      'a changed row with its hash made right',
      `UPDATE rollgate.history h SET reason = 'x', hash = rollgate.history_hash(ROW(h.id, h.at, h.kind, h.action, h.target, h.account, h.actor, h.role, h.address, h.request_id, h.before, h.after, 'x', h.ticket, h.undoes, h.previous_hash, '', h.batch)::rollgate.history) WHERE id = $1`,
      1,
    ],
  ])('the history check detects %s made as the owner of the table, and names the row', async (_, sql, next) => {
    const { id } = await desk.create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    await desk.create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    const target = Number((await desk.history(id))[0]?.id);
    expect(Number((await asOwner(sql, [target]))?.broken_id)).toBe(target + next);
    expect(await verify()).toMatchObject({ broken_id: null });
  });

  test('the history check detects rows missing at the end', async () => {
    await desk.create({ api: 'publish-bot', per_minute: 100, expires_at: inHours(1) });
    const broken = await asOwner('DELETE FROM rollgate.history WHERE id = (SELECT max(id) FROM rollgate.history)');
    expect(broken?.broken_why).toMatch(/at the end/);
  });

  test('the history is append-only even for its owner', async () => {
    await expect(desk.pool.query(`UPDATE rollgate.history SET reason = 'x'`)).rejects.toThrow(/append-only/);
    await expect(desk.pool.query('DELETE FROM rollgate.history')).rejects.toThrow(/append-only/);
    await expect(desk.pool.query('TRUNCATE rollgate.history')).rejects.toThrow(/append-only/);
  });

  test.each([
    `INSERT INTO rollgate.override (id) VALUES ('ovr_x')`,
    'UPDATE rollgate.override SET per_minute = 1',
    'DELETE FROM rollgate.override',
    'UPDATE rollgate.catalogue SET per_minute = 1',
    `UPDATE rollgate.limit_request SET state = 'approved'`,
    'INSERT INTO rollgate.history SELECT * FROM rollgate.history',
    'UPDATE rollgate.ledger SET policy_version = 0',
    `UPDATE rollgate.ceiling SET times = 1000`,
    `SELECT rollgate.record('override', 'x', 'x', 'x', ROW('a','admin','','')::rollgate.author, NULL, NULL, 'r')`,
    'UPDATE rollgate.counter SET total = 0',
    'ALTER TABLE rollgate.history DISABLE TRIGGER USER',
    'SET ROLE rollgate_owner',
  ])("the service's role can't bypass the history: %s", async (sql) => {
    const client = await desk.pool.connect();
    try {
      await client.query('BEGIN; SET LOCAL SESSION AUTHORIZATION rollgate_admin_api');
      await expect(client.query(sql)).rejects.toEqual(refused('42501'));
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});
