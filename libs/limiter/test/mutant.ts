import { expect } from '@jest/globals';
import type pg from 'pg';

/** A seeded error in a function of the schema `rollgate`: each occurrence of `from` is replaced by `to`. */
interface Mutant {
  readonly routine: string;
  readonly from: string;
  readonly to: string;
  /** How often `from` must occur, because otherwise the mutant is outdated. Default: once. */
  readonly occurs?: 'once' | 'at least once';
}

/** Runs `work` while the mutant replaces the function, then restores the function. */
export async function withMutant(
  pool: pg.Pool,
  { routine, from, to, occurs = 'once' }: Mutant,
  work: () => Promise<void>,
): Promise<void> {
  const { rows } = await pool.query<{ sql: string }>(`SELECT pg_get_functiondef(('rollgate.' || $1)::regproc) AS sql`, [
    routine,
  ]);
  const sql = rows[0]?.sql ?? '';
  if (occurs === 'once') expect(sql.split(from)).toHaveLength(2);
  else expect(sql).toContain(from);
  await pool.query(sql.replaceAll(from, () => to));
  try {
    await work();
  } finally {
    await pool.query(sql);
  }
}
