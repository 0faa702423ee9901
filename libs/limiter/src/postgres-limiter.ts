/** The limiter on Postgres, with its pool, janitor and poll: what an application creates once per process. */
import { hostname } from 'node:os';
import { builtInCatalogue, type Catalogue, LANES } from '@rollgate/contract';
import type pg from 'pg';
import { type EventOptions, Recorder } from './events/recorder.js';
import { FreedPoll } from './freed-poll.js';
import { Janitor, type JanitorOptions } from './janitor.js';
import { Limiter } from './limiter.js';
import { type Budget, budgetOf, DEFAULT_BUDGET_MS } from './outage/budget.js';
import { GuardedStore } from './outage/guarded-store.js';
import { LocalCounts } from './outage/local-counts.js';
import { Outage, type OutageModes } from './outage/outage.js';
import { Quarantine } from './outage/quarantine.js';
import { hearServer, WatchedStore } from './outage/watched-store.js';
import { DatabaseClock } from './policy/database-clock.js';
import { OverrideUses } from './policy/override-use.js';
import { Policy } from './policy/policy.js';
import { PolicySync } from './policy/policy-sync.js';
import { openPools } from './pools.js';
import { PostgresStore } from './postgres-store.js';
import { LimitRequests } from './requests/limit-requests.js';
import type { Store } from './store.js';

/** Some hundred times as long as a write takes. */
const WRITE_WITHIN_MS = 5_000;

/** Of one stripe: while one is answered, Postgres is at the next. */
const BATCHES_IN_FLIGHT = 2;

export interface PostgresLimiterOptions {
  /** `postgres://…` of a database that `rollgate migrate` has prepared. */
  readonly databaseUrl: string;
  /** The platform's matrix by default. */
  readonly catalogue?: Catalogue;
  /** As much of the catalogue as the database's own has, all of it by default: the rest is this program's private matter. */
  readonly registered?: Catalogue;
  /**
   * Groups of lanes whose batches are in flight side by side on this node, 2 by default: batches of fewer are larger, and a
   * batch's own cost outweighs its items'.
   * More where the database has cores to spare; 64: each batch holds one lane.
   */
  readonly stripes?: number;
  /** Connections for decisions, as many as stripes by default; 2 more are for looking, refunds and resets, 3 for the rest. */
  readonly connections?: number;
  /** From a call's entry to its decision, 150 ms by default: what the database does not decide in time is decided by `outage`. */
  readonly budgetMs?: number;
  /** How each API is decided while the database does not answer; `false`: its failure is the caller's. */
  readonly outage?: false | OutageModes;
  /** Limiters that share the database, 1 by default: the share of a limit that each grants by itself goes by it. */
  readonly nodes?: number;
  /** `true`: connections go through a pooler that keeps none for a session (PgBouncer's transaction mode). */
  readonly pooled?: boolean;
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
  const stripes = Math.min(options.stripes ?? 2, LANES);
  const { databaseUrl, clock, connections = stripes, onError = () => undefined } = options;
  const budget = options.outage === false ? undefined : budgetOf(options.budgetMs ?? DEFAULT_BUDGET_MS);
  const { pooled = false } = options;
  const databaseClock = new DatabaseClock(clock ? { owned: clock } : {});
  const quarantine = clock ? undefined : new Quarantine({ clock: databaseClock, onAlarm: onError });
  const { decisions, looks, housekeeping } = openPools({
    databaseUrl,
    connections,
    budget,
    pooled,
    onError,
    ...(quarantine ? { onConnect: (client) => hearServer(client, { clock: databaseClock, quarantine }) } : {}),
  });
  const postgres = new PostgresStore({
    pool: decisions,
    looks,
    clock,
    prepared: !pooled,
    // A pooler may hand each statement to another session.
    ...(pooled ? {} : { pipelinedStripes: stripes }),
    ...(budget === undefined ? {} : { acquireWithinMs: budget.clientMs, connectWithinMs: budget.poolMs }),
  });
  const { store, outage } = behindBreakers(postgres, {
    options,
    stripes,
    budget,
    clock: databaseClock,
    quarantine,
    onError,
  });
  const catalogue = options.catalogue ?? builtInCatalogue;
  const everyMs = options.pollEveryMs === undefined ? {} : { everyMs: options.pollEveryMs };
  const policy = new Policy();
  const uses = new OverrideUses();
  const sync: PolicySync = new PolicySync({
    pool: housekeeping,
    policy,
    registered: options.registered ?? catalogue,
    uses,
    clock: databaseClock,
    onError,
    state: () => limiter.state(),
    ...(quarantine ? { quarantine } : {}),
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
  const limiter: Limiter = new Limiter({
    store,
    ...(outage ? { outage, budgetMs: (budget as Budget).callMs } : {}),
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
      ...(quarantine ? { quarantine } : {}),
    },
    stripes,
    batchesInFlight: pooled ? 1 : BATCHES_IN_FLIGHT,
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

/** The store as decisions see it, and who decides when it does not answer. */
function behindBreakers(
  postgres: PostgresStore,
  {
    options,
    stripes,
    budget,
    clock,
    quarantine,
    onError,
  }: {
    options: PostgresLimiterOptions;
    stripes: number;
    budget: Budget | undefined;
    clock: DatabaseClock;
    quarantine: Quarantine | undefined;
    onError: (error: unknown) => void;
  },
): { store: Store; outage: Outage | undefined } {
  if (budget === undefined) return { store: postgres, outage: undefined };
  const now = () => clock.now();
  const local = new LocalCounts({ clock: now, nodes: options.nodes ?? 1 });
  const outage = new Outage({ modes: options.outage || {}, local, now });
  const guarded = new GuardedStore({
    store: postgres,
    stripes,
    local,
    attemptMs: budget.clientMs,
    onState(state) {
      outage.tell(state);
      onError(
        new Error(state.open ? `decides without the database: ${state.reason}` : 'decides by the database again'),
      );
    },
  });
  return { store: quarantine ? new WatchedStore({ store: guarded, clock, quarantine }) : guarded, outage };
}
