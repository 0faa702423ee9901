/** Databases made by 0.1.0, whose ten migrations are one baseline now. */
import type pg from 'pg';
import { functionsOf } from './function-files.js';
import { readSql, runSql } from './run-sql.js';

const BASELINE = '001-baseline';

/** The migrations of 0.1.0, oldest first, as rollgate.migration names them. */
export const MIGRATIONS_OF_010 = [
  '001-counters-0000000000001',
  '002-roles-0000000000002',
  '003-policy-0000000000003',
  '004-staff-0000000000004',
  '005-events-0000000000005',
  '006-usage-0000000000006',
  '007-audit-0000000000007',
  '008-server-state-0000000000008',
  '009-locks-0000000000009',
  '010-cheaper-decision-0000000000010',
] as const;

/**
 * Whether 0.1.0 made this database.
 * @throws Error when it was made by something older than 0.1.0, which has to be brought to 0.1.0 first
 */
export async function isFrom010(client: pg.Client): Promise<boolean> {
  const table = await client.query<{ found: boolean }>(`SELECT to_regclass('rollgate.migration') IS NOT NULL AS found`);
  if (table.rows[0]?.found !== true) return false;
  const { rows } = await client.query<{ name: string }>('SELECT name FROM rollgate.migration WHERE name = ANY ($1)', [
    MIGRATIONS_OF_010,
  ]);
  if (rows.length > 0 && rows.length < MIGRATIONS_OF_010.length)
    throw new Error('the database was made by a version before 0.1.0: migrate it with Rollgate 0.1.0 first');
  return rows.length > 0;
}

/**
 * Brings a database of 0.1.0 to the baseline, in one transaction. Its rows stay as they are.
 * @returns the baseline's name
 */
export async function bringOver(client: pg.Client): Promise<string> {
  await client.query('BEGIN');
  try {
    await runSql(client, 'from-0.1.0.sql');
    await client.query(functionsOf(await readSql(`${BASELINE}.sql`)));
    await client.query('DELETE FROM rollgate.migration WHERE name = ANY ($1)', [MIGRATIONS_OF_010]);
    await client.query('INSERT INTO rollgate.migration (timestamp, name) VALUES (1, $1)', [
      `${BASELINE}-0000000000001`,
    ]);
    await runSql(client, 'access.sql');
    await client.query('COMMIT');
    return BASELINE;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
