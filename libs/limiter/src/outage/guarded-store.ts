/**
 * The store behind a circuit breaker for each stripe of lanes. A failing database is probed from time to time, with or
 * without calls, and before it decides a batch again it is debited with the units granted without it.
 *
 * Invariants: a statement is sent again only when the first one can't have been written; denials and bad data never
 * open a breaker; an open breaker closes by itself once the database decides again.
 */
import {
  CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
} from 'cockatiel';
import { isBadData, isOutage, isRolledBack } from '../connections/faults.js';
import { type AcquireItem, type AcquireResult, type Store, stripeOf } from '../store/store.js';
import { SingleFlight } from '../tasks/single-flight.js';
import { ignoreLate, within } from '../tasks/within.js';
import type { LocalCounts } from './local-counts.js';

/** Consecutive failures that open a breaker: one late answer is not an outage. */
const FAILURES_THAT_OPEN = 3;
const FIRST_PROBE_MS = 250;
const LAST_PROBE_MS = 2_000;
/** Interval for checking whether a breaker may be probed. */
const PROBE_EVERY_MS = 100;
const DEBT_ITEMS = 500;
/** When the store is closed, debits that can't be written within this time are lost. */
const DEBTS_WITHIN_MS = 1_000;
const SETTLED = Promise.resolve();

export interface GuardedStoreOptions {
  readonly store: Store;
  readonly stripes: number;
  readonly local: LocalCounts;
  /** Time limit for one attempt at a batch, in ms, short enough to allow a second attempt. */
  readonly attemptMs: () => number;
  readonly onState: (state: { stripe: number; open: boolean; reason: string }) => void;
}

export class GuardedStore implements Store {
  readonly #options: GuardedStoreOptions;
  readonly #breakers: readonly CircuitBreakerPolicy[];
  readonly #reasons: string[];
  readonly #payments = new SingleFlight<void>();
  /** For each stripe, a lane of the batch that failed last: another lane may be free while this one is locked. */
  readonly #failedLanes: number[] = [];
  readonly #probes: (NodeJS.Timeout | undefined)[] = [];
  #closed = false;

  constructor(options: GuardedStoreOptions) {
    this.#options = options;
    this.#reasons = new Array<string>(options.stripes).fill('');
    this.#breakers = Array.from({ length: options.stripes }, (_, stripe) => this.#breaker(stripe));
  }

  async acquire(items: readonly AcquireItem[]): Promise<AcquireResult> {
    const stripe = stripeOf(items, this.#options.stripes);
    return await new Promise((resolve, reject) => {
      this.#guard(items[0]?.lane ?? 0, async () => {
        await this.#payDebts(stripe);
        const result = await this.#twice(items);
        resolve(result);
        // A database that answers but can't flush is not available: its grants reach no caller.
        await result.flushed;
      }).catch(reject);
    });
  }

  peek: Store['peek'] = (lane, subjects) => this.#options.store.peek(lane, subjects);
  list: Store['list'] = (lane, page) => this.#options.store.list(lane, page);
  refund: Store['refund'] = (lane, grant) => this.#options.store.refund(lane, grant);
  reset: Store['reset'] = (lane, subject) => this.#options.store.reset(lane, subject);

  async close(): Promise<void> {
    this.#closed = true;
    for (const probe of this.#probes) clearTimeout(probe);
    await this.#payBeforeTheEnd();
    await this.#options.store.close();
  }

  /** Runs `work` on the database behind the breaker of the lane's stripe, and notes why it failed. */
  #guard(lane: number, work: () => Promise<void>): Promise<void> {
    const stripe = lane % this.#options.stripes;
    return (this.#breakers[stripe] as CircuitBreakerPolicy).execute(async () => {
      try {
        await work();
      } catch (error) {
        this.#reasons[stripe] = (error as Error).message;
        this.#failedLanes[stripe] = lane;
        throw error;
      }
    });
  }

  async #payBeforeTheEnd(): Promise<void> {
    const { local, stripes } = this.#options;
    if (local.subjects === 0) return;
    const paying = Promise.allSettled(Array.from({ length: stripes }, (_, stripe) => this.#payDebts(stripe)));
    await within(DEBTS_WITHIN_MS, paying, 'the debits were not written').catch(ignoreLate);
  }

  async #twice(items: readonly AcquireItem[]): Promise<AcquireResult> {
    const { store, attemptMs } = this.#options;
    const startedAt = performance.now();
    try {
      return await store.acquire(items);
    } catch (error) {
      const used = performance.now() - startedAt;
      if (!isRolledBack(error) || used > attemptMs() / 2) throw error;
      return await store.acquire(items);
    }
  }

  /**
   * Before the database decides again, debits it with the units granted during the outage, once for all batches in
   * flight. If an answer was lost the debit is repeated: it may count too much, never too little.
   */
  #payDebts(stripe: number): Promise<void> {
    if (this.#options.local.subjects === 0) return SETTLED;
    return this.#payments.run(() => this.#payAll(stripe), stripe);
  }

  async #payAll(stripe: number): Promise<void> {
    const { store, local, stripes } = this.#options;
    // Otherwise a database that commits but can't flush would be debited again by each probe.
    await store.flush?.();
    for (const items of local.debts((lane) => lane % stripes === stripe, DEBT_ITEMS)) await this.#pay(items);
  }

  /**
   * Writes debits. A debit that the database rejects because of its data can never be written, so it is dropped to let
   * its stripe decide again.
   */
  async #pay(items: readonly AcquireItem[]): Promise<void> {
    const { local, store } = this.#options;
    try {
      const { flushed } = await store.acquire(items);
      await flushed;
    } catch (error) {
      if (!isBadData(error)) throw error;
      const half = items.length >> 1;
      if (half > 0) {
        await this.#pay(items.slice(0, half));
        await this.#pay(items.slice(half));
        return;
      }
    }
    local.paid(items);
  }

  #breaker(stripe: number): CircuitBreakerPolicy {
    const breaker = circuitBreaker(
      handleWhen((error) => isOutage(error)),
      {
        breaker: new ConsecutiveBreaker(FAILURES_THAT_OPEN),
        halfOpenAfter: new ExponentialBackoff({ initialDelay: FIRST_PROBE_MS, maxDelay: LAST_PROBE_MS }),
      },
    );
    const tell = (open: boolean) => this.#options.onState({ stripe, open, reason: this.#reasons[stripe] ?? '' });
    breaker.onBreak(() => {
      tell(true);
      this.#probeLater(stripe);
    });
    breaker.onReset(() => tell(false));
    return breaker;
  }

  /**
   * Probes an open breaker. Calls do this too, but without calls the limiter would not notice that the database is
   * back.
   */
  #probeLater(stripe: number): void {
    if (this.#closed) return;
    clearTimeout(this.#probes[stripe]);
    this.#probes[stripe] = setTimeout(() => void this.#probe(stripe), PROBE_EVERY_MS).unref();
  }

  async #probe(stripe: number): Promise<void> {
    const breaker = this.#breakers[stripe] as CircuitBreakerPolicy;
    if (isClosed(breaker)) return;
    const lane = this.#failedLanes[stripe] ?? stripe;
    const { store } = this.#options;
    await this.#guard(lane, async () => {
      await this.#payDebts(stripe);
      await store.acquire([{ ...PROBE, lane }]);
      await store.flush?.();
    }).catch(() => undefined);
    if (!isClosed(breaker)) this.#probeLater(stripe);
  }
}

function isClosed({ state }: CircuitBreakerPolicy): boolean {
  return state === CircuitState.Closed;
}

/** A probe takes the lock of its lane and is denied. The flush after it checks that grants would become safe. */
const PROBE = { subject: '_rollgate/probe/', cost: 1, calls: 1, perMinute: 0, perHour: 0 } as const;
