/** Rules of `rollgate.acquire` that need concurrent transactions. Each check throws when its rule is broken. */
import { expect } from '@jest/globals';
import { untilSessionWaits } from '@rollgate/testing';
import type pg from 'pg';

const ACQUIRE = 'SELECT now_ms, granted[1] AS granted FROM rollgate.acquire($1, $2, $3, $4, $5, $6)';
const LIMIT = 50;

let count = 0;
const subject = (): string => `acme/publish-bot/bot=lane-rule-${++count}`;
const args = (lane: number, name: string, calls = 1): unknown[] => [[lane], [name], [1], [calls], [LIMIT], [LIMIT]];

export const laneRules: Readonly<Record<string, (pool: pg.Pool) => Promise<void>>> = {
  async 'a lane runs one batch at a time, and the next one counts what the first granted'(pool) {
    const name = subject();
    const first = await pool.connect();
    try {
      await first.query('BEGIN');
      await first.query(ACQUIRE, args(11, name, 40));
      const second = pool.query<{ granted: number }>(ACQUIRE, args(11, name, 40));
      await untilSessionWaits(pool);
      await first.query('COMMIT');
      expect((await second).rows[0]?.granted).toBe(10);
    } finally {
      first.release(true);
    }
  },

  async 'the clock is read after the lane lock'(pool) {
    const holder = await pool.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT pg_advisory_xact_lock(7605, 12)');
      const waiter = pool.query<{ now_ms: string }>(ACQUIRE, args(12, subject()));
      await untilSessionWaits(pool);
      await holder.query('SELECT pg_sleep(0.02)');
      const { rows } = await holder.query<{ ms: string }>('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms');
      await holder.query('COMMIT');
      expect(Number((await waiter).rows[0]?.now_ms)).toBeGreaterThanOrEqual(Math.floor(Number(rows[0]?.ms)));
    } finally {
      holder.release(true);
    }
  },

  async 'batches that share lanes do not deadlock'(pool) {
    const first = await pool.connect();
    try {
      await first.query('BEGIN');
      await first.query(ACQUIRE, args(21, subject()));
      const second = pool.query(
        'SELECT granted FROM rollgate.acquire(ARRAY[22, 21], $1, ARRAY[1, 1], ARRAY[1, 1], ARRAY[9, 9], ARRAY[9, 9])',
        [[subject(), subject()]],
      );
      second.catch(() => undefined);
      await untilSessionWaits(pool);
      // If lane 22 were locked before 21, this would complete a deadlock.
      await expect(first.query(ACQUIRE, args(22, subject()))).resolves.toBeDefined();
      await first.query('COMMIT');
      expect((await second).rows).toEqual([{ granted: [1, 1] }]);
    } finally {
      first.release(true);
    }
  },

  async 'a decision in the last half millisecond of a second belongs to that second'(pool) {
    const { rows } = await pool.query<{ now_ms: string; second: number[] }>(
      `SELECT now_ms, second FROM rollgate.acquire('{14}', $1, '{1}', '{1}', '{9}', '{9}', '2026-01-01T00:00:07.9996Z')`,
      [[subject()]],
    );
    const second = Date.UTC(2026, 0, 1) / 1000 + 7;
    expect(rows).toEqual([{ now_ms: String(second * 1000 + 999), second: [second] }]);
  },

  async 'many concurrent calls of one subject are granted exactly the limit'(pool) {
    const name = subject();
    const answers = await Promise.all(
      Array.from({ length: 10 * LIMIT }, () => pool.query<{ granted: number }>(ACQUIRE, args(13, name))),
    );
    expect(answers.reduce((sum, { rows }) => sum + (rows[0]?.granted ?? 0), 0)).toBe(LIMIT);
  },
};
