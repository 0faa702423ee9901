/**
 * The connections of one process: decisions have their own, so that nothing else holds them up, and few, so that many
 * nodes that come back at once leave room for an admin.
 */
import { sessionClient } from '@rollgate/contract/database-session';
import pg from 'pg';
import type { Budget } from './outage/budget.js';

/** A pass of the janitor holds one for long; events and polls take turns with the others. */
const HOUSEKEEPING_CONNECTIONS = 3;
const LOOK_CONNECTIONS = 2;
const CONNECT_WITHIN_MS = 10_000;
/** Longer than a sign-in takes anywhere, and no longer than an outage is waited out: what hangs holds a place of the pool. */
const SIGN_IN_WITHIN_MS = 2_000;
/** A look at one account is some milliseconds; one that takes so long is lost. */
const LOOK_WITHIN_MS = 5_000;

export interface Pools {
  readonly decisions: pg.Pool;
  readonly looks: pg.Pool;
  readonly housekeeping: pg.Pool;
}

export interface PoolOptions {
  readonly databaseUrl: string;
  readonly connections: number;
  /** undefined: decisions may take as long as they take. */
  readonly budget: Budget | undefined;
  /** A pooler is in between: it refuses most settings at the start of a session. */
  readonly pooled: boolean;
  readonly onError: (error: unknown) => void;
  /** Sees each new connection that decides, before it decides: another server may answer at the old address. */
  readonly onConnect?: (client: pg.ClientBase) => Promise<void>;
}

export function openPools({ databaseUrl, connections, budget, pooled, onError, onConnect }: PoolOptions): Pools {
  const Client = sessionClient(pg.Client, { pooled });
  const open = (config: pg.PoolConfig) => {
    const pool = new pg.Pool({ connectionString: databaseUrl, Client, ...config });
    pool.on('error', onError);
    return pool;
  };
  const limits =
    budget === undefined
      ? {}
      : {
          // No call waits for it that long: the store sees to that.
          connectionTimeoutMillis: Math.max(budget.poolMs, SIGN_IN_WITHIN_MS),
          ...(pooled ? {} : { lock_timeout: budget.lockMs, statement_timeout: budget.statementMs }),
        };
  return {
    decisions: open({
      max: connections,
      application_name: 'rollgate',
      pipeline: !pooled,
      ...(onConnect ? { onConnect } : {}),
      ...limits,
    }),
    looks: open({
      max: LOOK_CONNECTIONS,
      application_name: 'rollgate-looks',
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      query_timeout: LOOK_WITHIN_MS,
    }),
    housekeeping: open({
      max: HOUSEKEEPING_CONNECTIONS,
      connectionTimeoutMillis: CONNECT_WITHIN_MS,
      // A connection that died without a word would hold up news of changed limits for ever.
      query_timeout: LOOK_WITHIN_MS,
      application_name: 'rollgate-housekeeping',
    }),
  };
}
