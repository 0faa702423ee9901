import { withDatabase } from '@rollgate/testing';
import pg from 'pg';

/** Whether a database accepts new connections. Those that are open stay open. */
export async function allowConnections(databaseUrl: string, allowed: boolean): Promise<void> {
  // Not on the database itself: Postgres refuses that.
  const client = new pg.Client({ connectionString: withDatabase(databaseUrl, 'postgres') });
  await client.connect();
  try {
    await client.query(`ALTER DATABASE "${new URL(databaseUrl).pathname.slice(1)}" ALLOW_CONNECTIONS ${allowed}`);
  } finally {
    await client.end();
  }
}
