/** The parts of a limiter on Postgres. Each function builds them from parts that exist already. */
import { hostname } from 'node:os';
import { Catalogue, LANES } from '@rollgate/contract';
import { checkEngine } from '@rollgate/contract/database-engine';
import { checkSession } from '@rollgate/contract/database-session';
import type pg from 'pg';
import { DenialMemory } from './call/denial-memory.js';
import { FreedPoll } from './call/freed-poll.js';
import { DatabaseLogin } from './connections/database-login.js';
import { DEFAULT_BUDGET_MS, DecisionBudget } from './connections/decision-budget.js';
import { DecisionConnections } from './connections/decision-connections.js';
import { warmUpFlush } from './connections/flushes.js';
import { openPools, type Pools } from './connections/pools.js';
import { checkSchemaVersion } from './connections/schema-version.js';
import { type DatabaseParts } from './create-limiter.js';
import { Recorder } from './events/recorder.js';
import { ContactState } from './outage/contact-state.js';
import { GuardedStore } from './outage/guarded-store.js';
import { InstanceStateReader } from './outage/instance-state-reader.js';
import { LocalCounts } from './outage/local-counts.js';
import { Outage } from './outage/outage.js';
import { ServerWatch } from './outage/server-watch.js';
import { WatchedStore } from './outage/watched-store.js';
import { checkApplicationName, defaultApplicationName } from './policy/application-name.js';
import { CatalogueRegistrar } from './policy/catalogue-registrar.js';
import { EffectiveLimits } from './policy/effective-limits.js';
import { LiveCatalogue } from './policy/live-catalogue.js';
import { OverrideUses } from './policy/override-use.js';
import { Policy } from './policy/policy.js';
import { PolicySync } from './policy/policy-sync.js';
import type { PostgresLimiterOptions } from './postgres-limiter-options.js';
import { Reports } from './reports.js';
import { AcquireStatement } from './store/acquire-statement.js';
import { Janitor } from './store/janitor.js';
import { PostgresStore } from './store/postgres-store.js';
import type { Store } from './store/store.js';
import { StopList } from './tasks/stop-list.js';

/** Timeout of one event write; a normal write takes about a hundredth of it. */
const WRITE_WITHIN_MS = 5_000;
const WRITE_EVENTS = { text: 'SELECT rollgate.write_events($1)', query_timeout: WRITE_WITHIN_MS };

/** While a flush is in flight, each stripe still has a connection. */
const FLUSH_CONNECTIONS = 1;

/** What all other parts use: the options with their defaults, and the parts that use no others. */
export interface LimiterBase {
  readonly options: PostgresLimiterOptions;
  readonly catalogue: Catalogue;
  /** The catalogue, if it is the database's. */
  readonly live: LiveCatalogue | undefined;
  readonly stripes: number;
  readonly pooled: boolean;
  readonly onError: (error: unknown) => void;
  readonly login: DatabaseLogin;
  readonly reports: Reports;
  readonly contactState: ContactState;
  readonly server: ServerWatch;
  /** `undefined` if decisions have no time limit. */
  readonly budget: DecisionBudget | undefined;
  readonly statement: AcquireStatement;
}

export function baseOf(options: PostgresLimiterOptions): LimiterBase {
  const { clock, outage, budgetMs = DEFAULT_BUDGET_MS, pooled = false, application, ownApis } = options;
  if (application !== undefined) checkApplicationName(application);
  const live = options.catalogue === undefined ? new LiveCatalogue(ownApis) : undefined;
  const reports = new Reports(options.onReport);
  const server = new ServerWatch({ reports, clock });
  return {
    options,
    catalogue: live ?? Catalogue.of([...(options.catalogue?.entries() ?? []), ...(ownApis?.entries() ?? [])]),
    live,
    stripes: Math.min(options.stripes ?? 2, LANES),
    pooled,
    onError: options.onError ?? (() => undefined),
    login: new DatabaseLogin(options),
    reports,
    contactState: new ContactState(),
    server,
    budget: outage === false ? undefined : new DecisionBudget(budgetMs, server.roundTrip),
    // A pooler hides that the server has restarted between a commit and its flush.
    statement: new AcquireStatement({ prepared: !pooled, clock, durable: pooled }),
  };
}

export function openPoolsOf(base: LimiterBase): Pools {
  const { options, stripes, login, budget, pooled, reports, onError, contactState, server, statement } = base;
  return openPools({
    login,
    connections: (options.connections ?? stripes) + (statement.isDurable ? 0 : FLUSH_CONNECTIONS),
    budget,
    pooled,
    reports,
    hasStarted: () => contactState.reached,
    onError,
    async prepare(client) {
      if (!contactState.reached) {
        statement.oneLane = (await checkEngine(client)).id === 'citus';
        await checkSession(client);
        await checkSchemaVersion(client, login.place);
      }
      await server.look(client);
      await statement.warmUp(client);
      if (!statement.isDurable) await warmUpFlush(client);
    },
  });
}

/** The limits that apply to each subject. A plan that does not exist is reported, and gives the default limits. */
export function effectiveLimitsOf({ server, reports }: LimiterBase): EffectiveLimits {
  const policy = new Policy({
    onUnknownPlan: (plan) =>
      reports.trouble('plans', {
        kind: plan,
        level: 'warn',
        message: `a call brought the plan ${JSON.stringify(plan.slice(0, 64))}, which does not exist, so the default limits apply to it`,
      }),
  });
  return new EffectiveLimits({ policy, now: () => server.clock.now(), quarantine: server.quarantine });
}

interface GuardedParts {
  readonly store: Store;
  /** `undefined` without outage modes, as is `local`. */
  readonly outage: Outage | undefined;
  readonly local: LocalCounts | undefined;
}

/** The store behind circuit breakers, with the fallback that decides while the database does not answer. */
export function guardedStoreOf(base: LimiterBase, pools: Pools): GuardedParts {
  const { options, stripes, budget, reports, server, onError } = base;
  const postgres = postgresStoreOf(base, pools);
  if (budget === undefined) return { store: postgres, outage: undefined, local: undefined };
  const now = () => server.clock.now();
  const local = new LocalCounts({ clock: now, atLeast: options.instances });
  const outage = new Outage({ modes: options.outage || {}, local, now, stripes, reports });
  const guarded = new GuardedStore({
    store: postgres,
    stripes,
    local,
    attemptMs: () => budget.answerMs,
    debitMs: () => budget.debitMs,
    lanesApart: () => base.statement.oneLane,
    onAnswer: () => outage.noteAnswer(),
    onState(state) {
      outage.noteBreaker(state);
      if (state.open) onError(new Error(`decides without the database: ${state.reason}`));
    },
  });
  const { clock, quarantine } = server;
  return { store: quarantine ? new WatchedStore({ store: guarded, clock, quarantine }) : guarded, outage, local };
}

function postgresStoreOf(
  { options, stripes, pooled, budget, statement, server }: LimiterBase,
  pools: Pools,
): PostgresStore {
  return new PostgresStore({
    pool: pools.looks,
    decisions: new DecisionConnections({
      kept: pools.decisions,
      pipelined: !pooled,
      isDistant: () => server.roundTrip.ms > 0,
      connectWithinMs: () => budget?.connectMs,
      answerWithinMs: () => budget?.answerMs,
    }),
    statement,
    clock: options.clock,
    application: options.application ?? defaultApplicationName(),
    // A pooler may hand each statement to another session.
    pipelinedStripes: pooled ? undefined : stripes,
    answerWithinMs: budget && (() => budget.answerMs),
  });
}

export function fallbackOf({ outage }: GuardedParts, budget: DecisionBudget | undefined): DatabaseParts['fallback'] {
  if (outage === undefined || budget === undefined) return undefined;
  return { outage, budgetMs: () => budget.callMs, lookMs: () => budget.lookMs };
}

interface BackgroundParts {
  readonly pools: Pools;
  readonly local: LocalCounts | undefined;
  readonly state: InstanceStateReader;
  readonly limits: EffectiveLimits;
  readonly uses: OverrideUses;
  readonly denials: DenialMemory;
}

/** Starts what works on the database beside the calls. Each part adds how it is stopped to `background`. */
export function startBackground(
  base: LimiterBase,
  { pools: { housekeeping: pool }, local, state, limits, uses, denials }: BackgroundParts,
): { sync: PolicySync; background: StopList } {
  const { options, live, server, contactState, reports, onError } = base;
  const { clock, pollEveryMs: everyMs, observer: isObserver = false } = options;
  const background = new StopList();
  background.add(() => pool.end());
  if (options.janitor !== false && !isObserver) {
    const janitor = new Janitor({ pool, clock, onError, ...options.janitor });
    janitor.start();
    background.add(() => janitor.stop());
  }
  const poll = new FreedPoll({
    pool,
    onFreed: (subject) => denials.forget(subject),
    onHole: () => denials.forgetAll(),
    decidesByDatabase: () => state.read().mode !== 'fallback',
    everyMs,
    onError,
  });
  background.add(() => poll.stop());
  const sync = new PolicySync({
    pool,
    policy: limits.policy,
    registrar: registrarOf(base, pool),
    live,
    isObserver,
    uses,
    clock: server.clock,
    onError,
    reports,
    onRoundTrip: (ms) => server.roundTrip.note(ms),
    // Until the database has been reached there is no state to report.
    state: () => (contactState.reached ? state.read() : undefined),
    local,
    quarantine: server.quarantine,
    everyMs,
  });
  background.add(() => sync.stop());
  return { sync, background };
}

function registrarOf({ options, reports }: LimiterBase, pool: pg.Pool): CatalogueRegistrar | undefined {
  const { catalogue, application = defaultApplicationName(), observer } = options;
  if (catalogue === undefined || observer) return undefined;
  return new CatalogueRegistrar({ pool, application, catalogue, reports });
}

export function recorderOf({ options, server, reports, onError }: LimiterBase, pools: Pools): Recorder | undefined {
  if (options.events === false || options.observer) return undefined;
  return new Recorder({
    write: (rows) =>
      pools.housekeeping.query({ ...WRITE_EVENTS, values: [rows] } satisfies pg.QueryConfig & {
        query_timeout: number;
      }),
    now: () => server.clock.now(),
    instance: `${hostname()}:${process.pid}`,
    onError,
    reports,
    ...options.events,
  });
}
