import { sessionClient } from '@rollgate/contract/database-session';
import pg from 'pg';
import type { Logger } from 'pino';
import type { DatabaseAddress } from './database-address.js';

export interface PoolOptions extends DatabaseAddress {
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly logger: Logger;
  readonly connectTimeoutMs: number;
  /** Of each statement, kept by this process: also a server that says nothing at all ends it. */
  readonly queryTimeoutMs: number;
}

/** One connection, for one purpose: what goes on elsewhere never keeps it waiting. */
export function openPool(options: PoolOptions): pg.Pool {
  const { databaseUrl, name, logger, connectTimeoutMs, queryTimeoutMs } = options;
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    Client: sessionClient(pg.Client, options),
    application_name: name,
    max: 1,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
  });
  // Without a listener, a connection that Postgres ends while idle would end this process.
  pool.on('error', (error) => logger.warn({ pool: name, reason: error.message }, 'lost an idle database connection'));
  return pool;
}
