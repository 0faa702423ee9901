import { withDatabase } from '@rollgate/testing';
import pg from 'pg';

/** Sets whether a database accepts new connections. Existing connections stay open. */
export async function allowConnections(databaseUrl: string, allowed: boolean): Promise<void> {
  // Run from another database: Postgres does not allow this on the current one.
  const client = new pg.Client({ connectionString: withDatabase(databaseUrl, 'postgres') });
  await client.connect();
  try {
    await client.query(`ALTER DATABASE "${new URL(databaseUrl).pathname.slice(1)}" ALLOW_CONNECTIONS ${allowed}`);
  } finally {
    await client.end();
  }
}
