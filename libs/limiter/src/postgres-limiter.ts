/** The limiter on Postgres, put together from its parts in the order in which they depend on each other. */
import { ApiLookup } from './call/api-lookup.js';
import { DenialMemory } from './call/denial-memory.js';
import { limiterParts } from './create-limiter.js';
import { Limiter, type LimiterParts } from './limiter.js';
import { Contact } from './outage/contact.js';
import { InstanceStateReader } from './outage/instance-state-reader.js';
import { OverrideUses } from './policy/override-use.js';
import type { PostgresLimiterOptions } from './postgres-limiter-options.js';
import {
  baseOf,
  effectiveLimitsOf,
  fallbackOf,
  guardedStoreOf,
  openPoolsOf,
  recorderOf,
  startBackground,
} from './postgres-parts.js';
import { LimitRequests } from './requests/limit-requests.js';

/** Batches in flight for each stripe: Postgres works on the next one while the answer of the first is processed. */
const BATCHES_IN_FLIGHT = 2;

/** A limiter on Postgres. Its database also holds the customers' limit requests. */
export class PostgresLimiter extends Limiter {
  /** Files and reads customers' limit requests, on the connections of this limiter. */
  readonly limitRequests: LimitRequests;

  constructor(parts: LimiterParts, limitRequests: LimitRequests) {
    super(parts);
    this.limitRequests = limitRequests;
  }
}

/**
 * Creates a limiter on Postgres. Create one per process and close it with `close()`.
 *
 * **Lifetime.** The limiter begins to connect and to read the effective limits at once. `await limiter.start()` reports
 * whether that succeeded. If `start` is not called, the first calls wait for the connection. Until the database has been
 * reached, no call is decided: `acquire` rejects with LimiterUnavailableError. After that, the API's outage mode applies
 * whenever the database does not decide a call within its budget.
 *
 * **APIs.** With `catalogue`, the application's APIs are registered when the database is reached, and `start` and calls
 * reject with CatalogueConflictError if another application registers one of them with another definition. Without it,
 * the limiter knows the APIs that any application has registered. A call of an unknown API first reads the catalogue again.
 *
 * **Timers.** On average once a second (`pollEveryMs`) the limiter reads changed limits and freed subjects. It writes
 * recorded denials once a second (`events.everyMs`), and removes old counters every 5 minutes (`janitor.everyMs`). While
 * connections are missing or the database does not answer, it tries again every 0.1 to 2 s. Timers and idle connections
 * do not keep the process alive, so a program with nothing else to do exits even without `close()`.
 *
 * **Closing.** Only `close()` writes the denials of the last second and removes the instance from the list of running
 * instances. Without it, the other instances count this one for up to an hour when they divide the limits of an outage.
 *
 * @throws DatabaseUrlError when `databaseUrl` is missing, empty or not a Postgres URL. Its message never repeats the
 * value. When `databaseUrl` is a function, `start` reports what is wrong with its result.
 * @throws RangeError when `application`, `budgetMs`, `events.maxRows` or `events.sample` is out of range.
 */
export function createPostgresLimiter(options: PostgresLimiterOptions): PostgresLimiter {
  const base = baseOf(options);
  const { catalogue, live, login, reports, server, budget, contactState } = base;
  const pools = openPoolsOf(base);
  const guarded = guardedStoreOf(base, pools);
  const state = new InstanceStateReader({
    contact: contactState,
    outage: guarded.outage,
    quarantine: server.quarantine,
  });
  const limits = effectiveLimitsOf(base);
  const uses = new OverrideUses();
  const denials = new DenialMemory({ maxSubjects: options.maxDeniedSubjects, now: options.clock });
  // Remembered denials are timed by this instance's clock, which no longer agrees with a database's clock that jumped.
  server.quarantine?.whenClockJumps(() => denials.forgetAll());
  // They may rest on grants that were not on disk yet when Postgres stopped.
  server.whenRestarted(() => denials.forgetAll());
  const recorder = recorderOf(base, pools);
  const { sync, background } = startBackground(base, { pools, local: guarded.local, state, limits, uses, denials });
  const contact = new Contact({
    state: contactState,
    reports,
    place: () => login.place,
    async reach() {
      pools.decisions.giveBack(await pools.decisions.take(), { broken: false });
      await sync.reach();
    },
  });
  const parts = limiterParts({
    store: guarded.store,
    catalogue,
    reports,
    limits,
    uses,
    denials,
    recorder,
    stripes: base.stripes,
    batchesInFlight: base.pooled ? 1 : BATCHES_IN_FLIGHT,
    maxBatchItems: options.maxBatchItems,
    lanesApart: () => base.statement.oneLane,
    lookup: live && new ApiLookup({ catalogue: live, read: () => sync.refresh() }),
    database: { contact, state, sync, background, fallback: fallbackOf(guarded, budget) },
  });
  pools.decisions.start();
  // Wait one turn of the event loop, so that the caller can first choose where reports go.
  setImmediate(() => contact.begin());
  return new PostgresLimiter(parts, new LimitRequests({ pool: pools.looks, catalogue }));
}
