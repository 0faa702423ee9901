/** The limiter on Postgres, with its pool, janitor and poll: what an application creates once per process. */
import { hostname } from 'node:os';
import { builtInCatalogue, type Catalogue } from '@rollgate/contract';
import pg from 'pg';
import { type EventOptions, Recorder } from './events/recorder.js';
import { FreedPoll } from './freed-poll.js';
import { Janitor, type JanitorOptions } from './janitor.js';
import { Limiter } from './limiter.js';
import { DatabaseClock } from './policy/database-clock.js';
import { OverrideUses } from './policy/override-use.js';
import { Policy } from './policy/policy.js';
import { PolicySync } from './policy/policy-sync.js';
import { PostgresStore } from './postgres-store.js';
import { LimitRequests } from './requests/limit-requests.js';

/** A pass of the janitor holds one for long; events and polls take turns with the others. */
const HOUSEKEEPING_CONNECTIONS = 3;
const CONNECT_WITHIN_MS = 10_000;

/** Some hundred times as long as a write takes. */
const WRITE_WITHIN_MS = 5_000;

export interface PostgresLimiterOptions {
  /** `postgres://…` of a database that `rollgate migrate` has prepared. */
  readonly databaseUrl: string;
  /** The platform's matrix by default. */
  readonly catalogue?: Catalogue;
  /** As much of the catalogue as the database's own has, all of it by default: the rest is this program's private matter. */
  readonly registered?: Catalogue;
  /**
   * Batches in flight at once on this node, 2 by default: fewer are larger, and a batch's own cost outweighs its items'.
   * More where the database has cores to spare; 64: each batch holds one lane.
   */
  readonly stripes?: number;
  /** Connections of this process: as many as stripes, and 2 for looking, refunds and resets, by default. */
  readonly connections?: number;
  /** Rows of one batch at most, 1,000 by default. */
  readonly maxBatchItems?: number;
  /** Denied subjects this node remembers, 100,000 by default. */
  readonly maxDeniedSubjects?: number;
  /** `false`: another process removes old counters (the service does). */
  readonly janitor?: false | Pick<JanitorOptions, 'keepSeconds' | 'everyMs'>;
  /** How denials are recorded; `false`: they are not, and can't be explained afterwards. */
  readonly events?: false | EventOptions;
  /** Between two looks for changed limits, and for subjects freed on other nodes, 1,000 ms by default. */
  readonly pollEveryMs?: number;
  /** Unix ms, for tests that own the time; by default the database's clock decides. */
  readonly clock?: () => number;
  /** Hears of faults in the background: a lost idle connection, a failed sweep or poll. */
  readonly onError?: (error: unknown) => void;
}

const WRITE_EVENTS = { text: 'SELECT rollgate.write_events($1)', query_timeout: WRITE_WITHIN_MS };

export function createPostgresLimiter(options: PostgresLimiterOptions): Limiter {
  const { databaseUrl, clock, stripes = 2, connections = stripes + 2, onError = () => undefined } = options;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: connections, application_name: 'rollgate' });
  // Housekeeping has a connection of its own: a slow sweep must not hold up decisions.
  const housekeeping = new pg.Pool({
    connectionString: databaseUrl,
    max: HOUSEKEEPING_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    application_name: 'rollgate-housekeeping',
  });
  for (const p of [pool, housekeeping]) p.on('error', onError);
  const store = new PostgresStore({ pool, clock });
  const catalogue = options.catalogue ?? builtInCatalogue;
  const everyMs = options.pollEveryMs === undefined ? {} : { everyMs: options.pollEveryMs };
  const policy = new Policy();
  const uses = new OverrideUses();
  const databaseClock = new DatabaseClock(clock ? { owned: clock } : {});
  const sync = new PolicySync({
    pool: housekeeping,
    policy,
    registered: options.registered ?? catalogue,
    uses,
    clock: databaseClock,
    onError,
    ...everyMs,
  });
  const recorder =
    options.events === false
      ? undefined
      : new Recorder({
          write: (rows) =>
            housekeeping.query({ ...WRITE_EVENTS, values: [rows] } satisfies pg.QueryConfig & {
              query_timeout: number;
            }),
          now: () => databaseClock.now(),
          node: `${hostname()}:${process.pid}`,
          onError,
          ...options.events,
        });
  const limiter = new Limiter({
    store,
    ...(recorder ? { recorder } : {}),
    catalogue,
    requests: new LimitRequests({ pool: housekeeping, catalogue }),
    uses,
    policy: {
      policy,
      now: () => databaseClock.now(),
      firstLook: () => sync.look(),
      refresh: () => sync.refresh(),
      ageMs: () => sync.ageMs,
    },
    stripes,
    ...(options.maxBatchItems === undefined ? {} : { maxBatchItems: options.maxBatchItems }),
    ...(options.maxDeniedSubjects === undefined ? {} : { maxDeniedSubjects: options.maxDeniedSubjects }),
    ...(clock ? { now: clock } : {}),
    async onClose() {
      await janitor?.stop();
      await poll.stop();
      await sync.stop();
      await housekeeping.end();
    },
  });
  const janitor =
    options.janitor === false ? undefined : new Janitor({ pool: housekeeping, clock, onError, ...options.janitor });
  janitor?.start();
  const poll = new FreedPoll({
    pool: housekeeping,
    onFreed: (subject) => limiter.forgetDenial(subject),
    ...everyMs,
    onError,
  });
  return limiter;
}
