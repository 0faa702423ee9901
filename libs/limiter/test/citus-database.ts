/** Databases on the Citus cluster that CITUS_URL names: the URL of a superuser on its coordinator, in a database with the extension. */
import { randomBytes } from 'node:crypto';
import { sessionClient } from '@rollgate/contract/database-session';
import { migrate } from '@rollgate/migrations';
import type { TestDatabase } from '@rollgate/testing';
import pg from 'pg';

export const CITUS_URL = process.env['CITUS_URL'];

export interface CitusDatabase extends TestDatabase {
  readonly workers: readonly Server[];
}

interface Server {
  readonly host: string;
  readonly port: number;
}

/** Creates a database on each server of the cluster, makes a cluster of them and migrates it. */
export async function createCitusDatabase(clusterUrl: string): Promise<CitusDatabase> {
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`;
  const nodes = await run<Server & { coordinator: boolean }>(
    clusterUrl,
    `SELECT nodename AS host, nodeport AS port, groupid = 0 AS coordinator FROM pg_dist_node WHERE noderole = 'primary' ORDER BY groupid`,
  );
  const on = ({ host, port }: Server, database: string) => {
    const url = new URL(clusterUrl);
    url.host = `${host}:${port}`;
    url.pathname = `/${database}`;
    return url.href;
  };
  for (const node of nodes) {
    await run(on(node, 'postgres'), `CREATE DATABASE ${name}`);
    await run(on(node, name), 'CREATE EXTENSION citus');
  }
  const coordinator = nodes.find((node) => node.coordinator) as Server;
  const url = on(coordinator, name);
  await run(url, 'SELECT citus_set_coordinator_host($1, $2)', [coordinator.host, coordinator.port]);
  const workers = nodes.filter((node) => !node.coordinator);
  for (const { host, port } of workers) await run(url, 'SELECT citus_add_node($1, $2)', [host, port]);
  await migrate({ databaseUrl: url });
  const pool = new pg.Pool({ connectionString: url, Client: sessionClient(pg.Client), max: 10 });
  pool.on('error', () => undefined);
  const drop = async () => {
    if (!pool.ended) await pool.end();
    // The coordinator first: it keeps connections to the others.
    for (const node of nodes) await run(on(node, 'postgres'), `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  return { url, pool, workers, drop };
}

async function run<Row>(url: string, sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows as Row[];
  } finally {
    await client.end();
  }
}
