import type { DatabaseAddress } from '@rollgate/contract/database-address';
import { sessionClient } from '@rollgate/contract/database-session';
import pg from 'pg';
import type { Logger } from 'pino';

export interface PoolOptions extends DatabaseAddress {
  /** Shown in pg_stat_activity. */
  readonly name: string;
  readonly logger: Logger;
  readonly connectTimeoutMs: number;
  /** Time limit of each statement, enforced by this process, so it also ends one when the server does not respond at all. */
  readonly queryTimeoutMs: number;
}

/** Opens a pool of one connection for one purpose, so that other queries never delay it. */
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
  // Without a listener, this process would end if Postgres closes an idle connection.
  pool.on('error', (error) => logger.warn({ pool: name, reason: error.message }, 'lost an idle database connection'));
  return pool;
}
