/** The limiter on Postgres, with its pool, janitor and poll: what an application creates once per process. */
import { builtInCatalogue, type Catalogue } from '@rollgate/contract';
import pg from 'pg';
import { FreedPoll } from './freed-poll.js';
import { Janitor, type JanitorOptions } from './janitor.js';
import { Limiter } from './limiter.js';
import { PostgresStore } from './postgres-store.js';

export interface PostgresLimiterOptions {
  /** `postgres://…` of a database that `rollgate migrate` has prepared. */
  readonly databaseUrl: string;
  /** The platform's matrix by default. */
  readonly catalogue?: Catalogue;
  /** Connections of this process for decisions, 8 by default. As many batches are in flight at once. */
  readonly connections?: number;
  /** Rows of one batch at most, 1,000 by default. */
  readonly maxBatchItems?: number;
  /** Denied subjects this node remembers, 100,000 by default. */
  readonly maxDeniedSubjects?: number;
  /** `false`: another process removes old counters (the service does). */
  readonly janitor?: false | Pick<JanitorOptions, 'keepSeconds' | 'everyMs'>;
  /** Between two looks for subjects freed on other nodes, 1,000 ms by default. */
  readonly pollEveryMs?: number;
  /** Unix ms, for tests that own the time; by default the database's clock decides. */
  readonly clock?: () => number;
  /** Hears of faults in the background: a lost idle connection, a failed sweep or poll. */
  readonly onError?: (error: unknown) => void;
}

export function createPostgresLimiter(options: PostgresLimiterOptions): Limiter {
  const { databaseUrl, clock, connections = 8, onError = () => undefined } = options;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: connections, application_name: 'rollgate' });
  // Housekeeping has a connection of its own: a slow sweep must not hold up decisions.
  const housekeeping = new pg.Pool({
    connectionString: databaseUrl,
    max: 2,
    application_name: 'rollgate-housekeeping',
  });
  for (const p of [pool, housekeeping]) p.on('error', onError);
  const store = new PostgresStore({ pool, clock });
  const limiter = new Limiter({
    store,
    catalogue: options.catalogue ?? builtInCatalogue,
    stripes: connections,
    ...(options.maxBatchItems === undefined ? {} : { maxBatchItems: options.maxBatchItems }),
    ...(options.maxDeniedSubjects === undefined ? {} : { maxDeniedSubjects: options.maxDeniedSubjects }),
    ...(clock ? { now: clock } : {}),
    async onClose() {
      await janitor?.stop();
      await poll.stop();
      await housekeeping.end();
    },
  });
  const janitor =
    options.janitor === false ? undefined : new Janitor({ pool: housekeeping, clock, onError, ...options.janitor });
  janitor?.start();
  const poll = new FreedPoll({
    pool: housekeeping,
    onFreed: (subject) => limiter.forgetDenial(subject),
    ...(options.pollEveryMs === undefined ? {} : { everyMs: options.pollEveryMs }),
    onError,
  });
  return limiter;
}
