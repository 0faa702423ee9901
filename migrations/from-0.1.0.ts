/** Upgrades databases of 0.1.0, whose ten migrations are now one baseline. */
import type pg from 'pg';
import { commentsOf, functionsOf } from './function-files.js';
import { readSql, runSql } from './run-sql.js';

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

/** Upgrades a database of 0.1.0 to the baseline, inside the transaction that the caller opened. Rows are kept. */
export async function bringOver(client: pg.Client): Promise<void> {
  await runSql(client, 'from-0.1.0.sql');
  const baseline = await readSql('001-baseline.sql');
  await client.query(commentsOf(baseline));
  await client.query(functionsOf(baseline));
  await client.query('DELETE FROM rollgate.migration WHERE name = ANY ($1)', [MIGRATIONS_OF_010]);
}
