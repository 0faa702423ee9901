/** Puts a limiter together on any store. */
import { type Catalogue, LANES } from '@rollgate/contract';
import { Acquirer, type AcquirerOptions } from './call/acquirer.js';
import type { ApiLookup } from './call/api-lookup.js';
import { CallResolver } from './call/call-resolver.js';
import { Decider } from './call/decider.js';
import { DenialMemory } from './call/denial-memory.js';
import { Gate } from './call/gate.js';
import { Refunds } from './call/refunds.js';
import { StoreTimeLimit } from './call/store-time-limit.js';
import { UsageReader } from './call/usage-reader.js';
import { DEFAULT_BUDGET_MS } from './connections/decision-budget.js';
import type { Recorder } from './events/recorder.js';
import { Limiter, type LimiterParts } from './limiter.js';
import type { Contact } from './outage/contact.js';
import { InstanceStateReader } from './outage/instance-state-reader.js';
import type { Outage } from './outage/outage.js';
import { EffectiveLimits } from './policy/effective-limits.js';
import { OverrideUses } from './policy/override-use.js';
import { Policy } from './policy/policy.js';
import type { PolicySync } from './policy/policy-sync.js';
import { Reports } from './reports.js';
import { BrokenAnswers } from './store/broken-answers.js';
import type { Store } from './store/store.js';
import { StopList } from './tasks/stop-list.js';

export interface LimiterOptions {
  /** Counts the units. The limiter closes it. */
  readonly store: Store;
  readonly catalogue: Catalogue;
  /**
   * Groups of lanes whose batches run concurrently on this instance, 2 by default. With 64, each batch contains one
   * lane.
   */
  readonly stripes?: number | undefined;
  /**
   * Batches of one stripe that may be in flight, 1 by default. With more, the store must decide them in the order sent.
   */
  readonly batchesInFlight?: number | undefined;
  /** Largest number of rows in a batch, 1,000 by default. */
  readonly maxBatchItems?: number | undefined;
  /** Whether the lanes of a batch are sent apart, as Citus needs it. By default they are not. */
  readonly lanesApart?: (() => boolean) | undefined;
  /** This instance's monotonic clock in ms, for the denial memory. Tests inject one. */
  readonly now?: (() => number) | undefined;
  /** Remembers denials; by default those of 100,000 subjects. */
  readonly denials?: DenialMemory | undefined;
  /** The effective limits; the catalogue's defaults by default. */
  readonly limits?: EffectiveLimits | undefined;
  /** Counts which overrides decide calls. */
  readonly uses?: OverrideUses | undefined;
  /** Records denials. The limiter closes it. */
  readonly recorder?: Recorder | undefined;
  /** Receives changes of the limiter's state; by default they are written with `console.warn`. */
  readonly reports?: Reports | undefined;
  /** Finds APIs that the catalogue lacks, if other programs add to it. */
  readonly lookup?: ApiLookup | undefined;
  /** What a limiter on a database has in addition. */
  readonly database?: DatabaseParts | undefined;
}

/** What watches the database of a limiter and works on it beside the calls. */
export interface DatabaseParts {
  /** Tracks whether the database has been reached. */
  readonly contact: Contact;
  readonly state: InstanceStateReader;
  /** Keeps the policy equal to the database's. */
  readonly sync: PolicySync;
  /** Stops the background work. It is called when the recorded denials are written, before the store is closed. */
  readonly background: StopList;
  /** How calls are decided while the database does not answer. Without it, `acquire` rejects with the store's error. */
  readonly fallback: Fallback | undefined;
}

interface Fallback {
  readonly outage: Outage;
  /** Time from a call's start to its decision, ms. */
  readonly budgetMs: () => number;
  /** Longest time for `peek`, `usage`, a refund or a reset, ms. */
  readonly lookMs: () => number;
}

/** Longest time for each closing step: a database that does not answer must not delay a shutdown. */
const CLOSE_WITHIN_MS = 2_000;

/** Creates a limiter on any store. Applications use `createPostgresLimiter`, which calls this function. */
export function createLimiter(options: LimiterOptions): Limiter {
  return new Limiter(limiterParts(options));
}

/** The parts of a limiter on this store, each with those that it uses. */
export function limiterParts(options: LimiterOptions): LimiterParts {
  const { store, catalogue, recorder, lookup, database, reports = new Reports(), uses = new OverrideUses() } = options;
  const fallback = database?.fallback;
  const limits = options.limits ?? new EffectiveLimits({ policy: new Policy(), now: Date.now });
  const { policy } = limits;
  const denials = options.denials ?? new DenialMemory({ now: options.now });
  const gate = new Gate(database?.contact);
  const resolver = new CallResolver({ catalogue, limits });
  const brokenAnswers = new BrokenAnswers(reports);
  const timeLimit = new StoreTimeLimit({ limitMs: fallback?.lookMs, brokenAnswers });
  const refunds = new Refunds({ store, denials, timeLimit });
  const acquirer = new Acquirer({
    gate,
    lookup,
    resolver,
    denials,
    decider: new Decider({ recorder, policy }),
    refunds,
    policy,
    uses,
    brokenAnswers,
    batches: batchesOf(options),
    outage: fallback?.outage,
    budgetMs: fallback?.budgetMs ?? (() => DEFAULT_BUDGET_MS),
  });
  return {
    catalogue,
    reports,
    gate,
    contact: database?.contact,
    lookup,
    resolver,
    acquirer,
    usage: new UsageReader({ store, resolver, lookup, timeLimit }),
    refunds,
    policy,
    sync: database?.sync,
    state: database?.state ?? new InstanceStateReader(),
    timeLimit,
    stops: stopsOf({ store, recorder, database, brokenAnswers, acquirer }),
  };
}

function batchesOf({
  store,
  stripes = 2,
  batchesInFlight = 1,
  maxBatchItems = 1_000,
  lanesApart = () => false,
}: LimiterOptions) {
  return {
    send: (items) => store.acquire(items),
    stripes: Math.min(stripes, LANES),
    batchesInFlight,
    maxItems: maxBatchItems,
    lanesApart,
  } satisfies AcquirerOptions['batches'];
}

interface StoppedParts extends Pick<LimiterOptions, 'store' | 'recorder' | 'database'> {
  readonly brokenAnswers: BrokenAnswers;
  readonly acquirer: Acquirer;
}

/** What closing a limiter stops. The list is in the order in which the parts were started; it is stopped in reverse. */
function stopsOf({ store, recorder, database, brokenAnswers, acquirer }: StoppedParts): StopList {
  const limit = { withinMs: database?.fallback === undefined ? undefined : CLOSE_WITHIN_MS };
  const stops = new StopList();
  stops.add(() => store.close(), limit);
  if (database) stops.add(() => database.background.stop(), limit);
  if (recorder) stops.add(() => recorder.close());
  stops.add(() => brokenAnswers.stop());
  stops.add(() => acquirer.drained());
  if (database) stops.add(() => database.contact.stop());
  return stops;
}
