/** The limiter on Postgres, with its connections, janitor and polls. */
import { hostname } from 'node:os';
import { builtInCatalogue, type Catalogue, LANES } from '@rollgate/contract';
import { checkSession } from '@rollgate/contract/database-session';
import type pg from 'pg';
import { DatabaseLogin, type DatabaseUrl, type Password } from './connections/database-login.js';
import { DecisionConnections } from './connections/decision-connections.js';
import { openPools } from './connections/pools.js';
import { checkSchemaVersion } from './connections/schema-version.js';
import { type EventOptions, Recorder } from './events/recorder.js';
import { FreedPoll } from './freed-poll.js';
import { Janitor, type JanitorOptions } from './janitor.js';
import { Limiter } from './limiter.js';
import { DEFAULT_BUDGET_MS, DecisionBudget } from './outage/budget.js';
import { Contact } from './outage/contact.js';
import { GuardedStore } from './outage/guarded-store.js';
import { LocalCounts } from './outage/local-counts.js';
import { Outage, type OutageModes } from './outage/outage.js';
import { Quarantine } from './outage/quarantine.js';
import { RoundTrip } from './outage/round-trip.js';
import { hearServer, WatchedStore } from './outage/watched-store.js';
import { DatabaseClock } from './policy/database-clock.js';
import { OverrideUses } from './policy/override-use.js';
import { Policy } from './policy/policy.js';
import { PolicySync } from './policy/policy-sync.js';
import { PostgresStore } from './postgres-store.js';
import { type OnReport, Reports } from './reports.js';
import { LimitRequests } from './requests/limit-requests.js';
import type { Store } from './store.js';

/** Some hundred times as long as a write takes. */
const WRITE_WITHIN_MS = 5_000;

/** Of one stripe: while one is answered, Postgres is at the next. */
const BATCHES_IN_FLIGHT = 2;

export interface PostgresLimiterOptions {
  /**
   * `postgres://user:password@host:5432/database` of a database that `rollgate migrate` has prepared, or a function that
   * returns it, which is called for each new connection: a rotated password is used without a restart.
   */
  readonly databaseUrl: DatabaseUrl;
  /** The password, or a function that returns it, called for each new connection. It takes precedence over the URL's. */
  readonly password?: Password;
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
  /**
   * Connections for decisions, as many as stripes by default, opened at start and kept open; 2 more are for looking, refunds
   * and resets, 3 for the rest.
   */
  readonly connections?: number;
  /**
   * From a call's entry to its decision, 150 ms by default: what the database does not decide in time is decided by
   * `outage`. Twice the measured round trip to the database, 500 ms at most, comes on top, so that a healthy database far
   * away is not taken for an outage. No call takes longer than `budgetMs` and 500 ms.
   */
  readonly budgetMs?: number;
  /** How each API is decided while the database does not answer; `false`: its failure is the caller's. */
  readonly outage?: false | OutageModes;
  /**
   * While the database is away each instance grants by itself its share of half a limit. The database counts the instances that
   * share it; `nodes` only raises that number, e.g. where more of them start than have been running within the last hour.
   */
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
  /**
   * Receives each change of the limiter's state once: it waits for its database, decides without it, has recovered, loses
   * events, does not know whether its limits are current. By default they are written with `console.warn`; in an application
   * with `RollgateModule`, to Nest's logger.
   */
  readonly onReport?: OnReport;
  /** Receives every fault in the background, e.g. a lost idle connection, a failed sweep or poll, also repeated ones. */
  readonly onError?: (error: unknown) => void;
}

const WRITE_EVENTS = { text: 'SELECT rollgate.write_events($1)', query_timeout: WRITE_WITHIN_MS };

/**
 * A limiter on Postgres, to be created once per process and closed with `close()`.
 *
 * It begins at once to open its connections and to read the limits in force. `await limiter.start()` tells whether that
 * succeeded; without it the first calls wait for it, and until the database was reached no call is decided: `acquire`
 * rejects with LimiterUnavailableError. Afterwards, whenever the database does not decide a call within its budget, the
 * API's outage mode does.
 *
 * Timers and idle connections do not keep the process alive: a program that has nothing else to do ends, without `close()`
 * too. But only `close()` writes the denials of the last second and removes the instance from the list of those running.
 *
 * @throws DatabaseUrlError when `databaseUrl` is missing, empty or no Postgres URL; its message never repeats the value.
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
          // They are remembered by this instance's clock, which no longer goes with the database's.
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
    // A look that arrives is the contact that the limiter was waiting for.
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
          node: `${hostname()}:${process.pid}`,
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
  // Not before the caller had the chance to choose where reports go.
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

/** The store as decisions see it, and who decides when it does not answer. */
function behindBreakers(
  postgres: PostgresStore,
  { options, stripes, budget, clock, quarantine, reports, onError }: Breakers,
): { store: Store; outage: Outage | undefined; local: LocalCounts | undefined } {
  if (budget === undefined) return { store: postgres, outage: undefined, local: undefined };
  const now = () => clock.now();
  const local = new LocalCounts({ clock: now, atLeast: options.nodes });
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
