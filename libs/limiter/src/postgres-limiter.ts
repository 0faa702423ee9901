/** The limiter on Postgres, with its connections, janitor and polls. */
import { hostname } from 'node:os';
import { builtInCatalogue, type Catalogue, LANES } from '@rollgate/contract';
import { checkSession } from '@rollgate/contract/database-session';
import type pg from 'pg';
import { FreedPoll } from './call/freed-poll.js';
import { DatabaseClock } from './connections/database-clock.js';
import { DatabaseLogin, type DatabaseUrl, type Password } from './connections/database-login.js';
import { DEFAULT_BUDGET_MS, DecisionBudget } from './connections/decision-budget.js';
import { DecisionConnections } from './connections/decision-connections.js';
import { openPools } from './connections/pools.js';
import { RoundTrip } from './connections/round-trip.js';
import { checkSchemaVersion } from './connections/schema-version.js';
import { type EventOptions, Recorder } from './events/recorder.js';
import { Limiter } from './limiter.js';
import { Contact } from './outage/contact.js';
import { GuardedStore } from './outage/guarded-store.js';
import { LocalCounts } from './outage/local-counts.js';
import { Outage, type OutageModes } from './outage/outage.js';
import { Quarantine } from './outage/quarantine.js';
import { hearServer, WatchedStore } from './outage/watched-store.js';
import { OverrideUses } from './policy/override-use.js';
import { Policy } from './policy/policy.js';
import { PolicySync } from './policy/policy-sync.js';
import { type OnReport, Reports } from './reports.js';
import { LimitRequests } from './requests/limit-requests.js';
import { Janitor, type JanitorOptions } from './store/janitor.js';
import { PostgresStore } from './store/postgres-store.js';
import type { Store } from './store/store.js';

/** Timeout of one event write; a normal write takes about a hundredth of it. */
const WRITE_WITHIN_MS = 5_000;

/** Batches in flight for each stripe: Postgres works on the next one while the answer of the first is processed. */
const BATCHES_IN_FLIGHT = 2;

/** Options of `createPostgresLimiter`. Only `databaseUrl` is required. */
export interface PostgresLimiterOptions {
  /**
   * `postgres://user:password@host:5432/database`, or a function that returns it. The function is called for each new
   * connection, so a rotated password takes effect without a restart. The database must be prepared by `rollgate
   * migrate`.
   */
  readonly databaseUrl: DatabaseUrl;
  /** The password, or a function that returns it, called for each new connection. It takes precedence over the URL's. */
  readonly password?: Password;
  /** The APIs and their default limits. The default is the catalogue of the sample platform. */
  readonly catalogue?: Catalogue;
  /**
   * The part of the catalogue to register in the database, all of it by default. APIs that are left out exist only in
   * this program.
   */
  readonly registered?: Catalogue;
  /**
   * Groups of lanes whose batches run concurrently on this instance, 2 by default. Fewer stripes give larger batches,
   * and the fixed cost of a batch outweighs the cost of its rows. Raise it if the database has idle cores. With 64,
   * each batch contains one lane.
   */
  readonly stripes?: number;
  /**
   * Connections for decisions, equal to `stripes` by default. They are opened at start and kept open. The limiter uses
   * 2 more for reading usage, refunds and resets, and 3 for background work.
   */
  readonly connections?: number;
  /**
   * Time from a call's start to its decision, in ms, 150 by default. If the database has not decided by then, `outage`
   * applies. Twice the measured round trip to the database, at most 500 ms, is added, so that a distant but healthy
   * database is not treated as an outage. No call takes longer than `budgetMs` plus 500 ms.
   */
  readonly budgetMs?: number;
  /** How calls are decided while the database does not answer; with `false`, `acquire` rejects with its error. */
  readonly outage?: false | OutageModes;
  /**
   * While the database is unavailable, each instance allows its share of half the limit. The database counts the
   * instances that share it. Set `instances` only to raise that number, for example when more instances will start than
   * have run in the last hour.
   */
  readonly instances?: number;
  /** Set to `true` for a transaction pooler, such as PgBouncer in transaction mode. */
  readonly pooled?: boolean;
  /** Largest number of rows in a batch, 1,000 by default. */
  readonly maxBatchItems?: number;
  /** Largest number of denied subjects that this instance remembers, 100,000 by default. */
  readonly maxDeniedSubjects?: number;
  /** How old counters are removed. Set to `false` if another process removes them, such as the Rollgate service. */
  readonly janitor?: false | Pick<JanitorOptions, 'keepSeconds' | 'everyMs'>;
  /** How denials are recorded. With `false` they are not recorded and can't be explained later. */
  readonly events?: false | EventOptions;
  /** Interval for reading changed limits and subjects freed on other instances, in ms, 1,000 by default. */
  readonly pollEveryMs?: number;
  /** Current time in Unix ms, for tests that control time. By default the database's clock is used. */
  readonly clock?: () => number;
  /**
   * Receives each change of the limiter's state once: it is waiting for its database, decides without it, has
   * recovered, loses events, or may have outdated limits. By default these are written with `console.warn`, or to
   * Nest's logger in an application with `RollgateModule`.
   */
  readonly onReport?: OnReport;
  /**
   * Receives every background fault, including repeated ones, such as a lost idle connection or a failed sweep or poll.
   */
  readonly onError?: (error: unknown) => void;
}

const WRITE_EVENTS = { text: 'SELECT rollgate.write_events($1)', query_timeout: WRITE_WITHIN_MS };

/**
 * Creates a limiter on Postgres. Create one per process and close it with `close()`.
 *
 * The limiter begins to connect and to read the effective limits at once. `await limiter.start()` reports whether that
 * succeeded. If `start` is not called, the first calls wait for the connection. Until the database has been reached, no
 * call is decided: `acquire` rejects with LimiterUnavailableError. After that, the API's outage mode applies whenever
 * the database does not decide a call within its budget.
 *
 * Timers and idle connections do not keep the process alive, so a program with nothing else to do exits even without
 * `close()`. However, only `close()` writes the denials of the last second and removes the instance from the list of
 * running instances.
 *
 * @throws DatabaseUrlError when `databaseUrl` is missing, empty or not a Postgres URL. Its message never repeats the
 * value.
 * @throws RangeError when `budgetMs` is out of range.
 */
export function createPostgresLimiter(options: PostgresLimiterOptions): Limiter {
  const stripes = Math.min(options.stripes ?? 2, LANES);
  const { clock, connections = stripes, onError = () => undefined, pooled = false } = options;
  const login = new DatabaseLogin(options);
  const reports = new Reports(options.onReport);
  const roundTrip = new RoundTrip();
  const budget =
    options.outage === false ? undefined : new DecisionBudget(options.budgetMs ?? DEFAULT_BUDGET_MS, roundTrip);
  const databaseClock = new DatabaseClock(clock ? { owned: clock } : {});
  const quarantine = clock
    ? undefined
    : new Quarantine({
        clock: databaseClock,
        reports,
        onStepAhead() {
          // Remembered denials are timed by this instance's clock, which no longer agrees with the database's.
          limiter.forgetDenials();
          void sync.refresh();
        },
      });
  const { decisions, looks, housekeeping } = openPools({
    login,
    connections,
    budget,
    pooled,
    reports,
    hasStarted: () => contact.reached,
    onError,
    async prepare(client) {
      if (!contact.reached) {
        await checkSession(client);
        await checkSchemaVersion(client, login.place);
      }
      if (quarantine) roundTrip.note(await hearServer(client, { clock: databaseClock, quarantine }));
      await postgres.warmUp(client);
    },
  });
  const postgres = new PostgresStore({
    pool: looks,
    decisions: new DecisionConnections({
      kept: decisions,
      pipelined: !pooled,
      connectWithinMs: () => budget?.connectMs,
    }),
    clock,
    prepared: !pooled,
    // A pooler may hand each statement to another session.
    ...(pooled ? {} : { pipelinedStripes: stripes }),
    ...(budget === undefined ? {} : { answerWithinMs: () => budget.answerMs }),
  });
  const { store, outage, local } = behindBreakers(postgres, {
    options,
    stripes,
    budget,
    clock: databaseClock,
    quarantine,
    reports,
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
    reports,
    onRoundTrip: (ms) => roundTrip.note(ms),
    // Until the database has been reached there is no state to report.
    state: () => (contact.reached ? limiter.state() : undefined),
    local,
    ...(quarantine ? { quarantine } : {}),
    ...everyMs,
  });
  const contact = new Contact({
    reports,
    place: () => login.place,
    async reach() {
      decisions.giveBack(await decisions.take(), { broken: false });
      await sync.reach();
    },
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
          instance: `${hostname()}:${process.pid}`,
          onError,
          reports,
          ...options.events,
        });
  const limiter: Limiter = new Limiter({
    store,
    contact,
    reports,
    ...(outage && budget ? { outage, budgetMs: () => budget.callMs, lookMs: () => budget.lookMs } : {}),
    ...(recorder ? { recorder } : {}),
    catalogue,
    requests: new LimitRequests({ pool: looks, catalogue }),
    uses,
    policy: {
      policy,
      now: () => databaseClock.now(),
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
      await Promise.all([janitor?.stop(), poll.stop(), sync.stop()]);
      await housekeeping.end();
    },
  });
  const janitor =
    options.janitor === false ? undefined : new Janitor({ pool: housekeeping, clock, onError, ...options.janitor });
  janitor?.start();
  const poll = new FreedPoll({
    pool: housekeeping,
    onFreed: (subject) => limiter.forgetDenial(subject),
    onHole: () => limiter.forgetDenials(),
    decidesByDatabase: () => limiter.state().mode !== 'fallback',
    ...everyMs,
    onError,
  });
  decisions.start();
  // Wait one turn of the event loop, so that the caller can first choose where reports go.
  setImmediate(() => contact.begin());
  return limiter;
}

interface Breakers {
  readonly options: PostgresLimiterOptions;
  readonly stripes: number;
  readonly budget: DecisionBudget | undefined;
  readonly clock: DatabaseClock;
  readonly quarantine: Quarantine | undefined;
  readonly reports: Reports;
  readonly onError: (error: unknown) => void;
}

/** Wraps the store in circuit breakers, with the fallback that decides while the database does not answer. */
function behindBreakers(
  postgres: PostgresStore,
  { options, stripes, budget, clock, quarantine, reports, onError }: Breakers,
): { store: Store; outage: Outage | undefined; local: LocalCounts | undefined } {
  if (budget === undefined) return { store: postgres, outage: undefined, local: undefined };
  const now = () => clock.now();
  const local = new LocalCounts({ clock: now, atLeast: options.instances });
  const outage = new Outage({ modes: options.outage || {}, local, now, stripes, reports });
  const guarded = new GuardedStore({
    store: postgres,
    stripes,
    local,
    attemptMs: () => budget.answerMs,
    onState(state) {
      outage.tell(state);
      if (state.open) onError(new Error(`decides without the database: ${state.reason}`));
    },
  });
  return { store: quarantine ? new WatchedStore({ store: guarded, clock, quarantine }) : guarded, outage, local };
}
