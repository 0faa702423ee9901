/**
 * Rollgate on the coordinator of a Citus cluster: what decisions need is distributed by lane, and everything else stays on the
 * coordinator. docs/scale.md describes it.
 */
import type pg from 'pg';
import { readersOf } from './citus-readers.js';
import { composeFunctions, readFunctionFiles } from './function-files.js';
import { runSql } from './run-sql.js';

/** As many as lanes, so that a shard holds few of them and can be moved alone. */
const SHARDS = 64;
const TABLES = ['counter', 'bucket', 'lane'] as const;
/** The function that is sent whole to the server of its first argument. */
const PER_LANE = 'rollgate.acquire_lane';

/** Distributes what a migration has created. In the migration's transaction; may be repeated. */
export async function distribute(client: pg.Client): Promise<void> {
  // One connection for each server, because the tables were created in this transaction.
  await client.query(`SET LOCAL citus.multi_shard_modify_mode = 'sequential'`);
  for (const table of TABLES) {
    const colocated = table === TABLES[0] ? `shard_count => ${SHARDS}` : `colocate_with => 'rollgate.${TABLES[0]}'`;
    const { rows } = await client.query('SELECT FROM pg_dist_partition WHERE logicalrelid = $1::regclass', [
      `rollgate.${table}`,
    ]);
    if (rows.length === 0)
      await client.query(`SELECT create_distributed_table('rollgate.${table}', 'lane', ${colocated})`);
  }
  // Citus sends a function to the workers when it is created, and only if they have the tables whose rows it takes.
  const functions = (await readFunctionFiles()).filter(({ kind }) => kind === 'function');
  await client.query(composeFunctions(functions));
  await runSql(client, 'citus/readers.sql');
  await client.query(composeFunctions(readersOf(functions)));
  await runSql(client, 'citus/locks.sql');
  await client.query(
    `SELECT create_distributed_function($1::regproc::regprocedure, 'p_lane', colocate_with => 'rollgate.${TABLES[0]}')`,
    [PER_LANE],
  );
  await client.query(
    'INSERT INTO rollgate.lane (lane, swept_to) SELECT l, 0 FROM generate_series(0, 63) l ON CONFLICT DO NOTHING',
  );
}
