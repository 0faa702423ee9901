/**
 * The store behind a circuit breaker for each stripe of lanes: a database in trouble is asked once in a while, by one
 * batch, and before any batch is decided it hears what was granted without it.
 *
 * Invariants: a statement is asked again only when the first can't have been written; only trouble of the database opens
 * a breaker: denials, bad data and mistakes never do.
 */
import {
  BrokenCircuitError,
  CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
} from 'cockatiel';
import { type AcquireItem, type AcquireResult, type Store, stripeOf } from '../store.js';
import { isBadData, isOutage, isRolledBack } from './faults.js';
import type { LocalCounts } from './local-counts.js';

/** In a row: one late answer is no outage. */
const FAILURES_THAT_OPEN = 3;
const FIRST_PROBE_MS = 250;
const LAST_PROBE_MS = 2_000;
const DEBT_ITEMS = 500;
const SETTLED = Promise.resolve();

export interface GuardedStoreOptions {
  readonly store: Store;
  readonly stripes: number;
  readonly local: LocalCounts;
  /** Of a batch, in ms: a second attempt must fit in. */
  readonly attemptMs: number;
  readonly onState: (state: { stripe: number; open: boolean; reason: string }) => void;
}

export class GuardedStore implements Store {
  readonly #options: GuardedStoreOptions;
  readonly #breakers: readonly CircuitBreakerPolicy[];
  readonly #reasons: string[];
  readonly #paying: (Promise<void> | undefined)[] = [];

  constructor(options: GuardedStoreOptions) {
    this.#options = options;
    this.#reasons = new Array<string>(options.stripes).fill('');
    this.#breakers = Array.from({ length: options.stripes }, (_, stripe) => this.#breaker(stripe));
  }

  async acquire(items: readonly AcquireItem[]): Promise<AcquireResult> {
    const stripe = stripeOf(items, this.#options.stripes);
    const breaker = this.#breakers[stripe] as CircuitBreakerPolicy;
    return await breaker.execute(async () => {
      try {
        await this.#payDebts(stripe);
        return await this.#twice(items);
      } catch (error) {
        this.#reasons[stripe] = (error as Error).message;
        throw error;
      }
    });
  }

  peek: Store['peek'] = (lane, subjects) => this.#options.store.peek(lane, subjects);
  list: Store['list'] = (lane, page) => this.#options.store.list(lane, page);
  refund: Store['refund'] = (lane, grant) => this.#options.store.refund(lane, grant);
  reset: Store['reset'] = (lane, subject) => this.#options.store.reset(lane, subject);
  close: Store['close'] = () => this.#options.store.close();

  async #twice(items: readonly AcquireItem[]): Promise<AcquireResult> {
    const { store, attemptMs } = this.#options;
    const startedAt = performance.now();
    try {
      return await store.acquire(items);
    } catch (error) {
      const used = performance.now() - startedAt;
      if (!isRolledBack(error) || used > attemptMs / 2) throw error;
      return await store.acquire(items);
    }
  }

  /**
   * Grants made without the database are spent in it before it decides again. Told twice where an answer was lost: never too little.
   * Once for all batches in flight.
   */
  #payDebts(stripe: number): Promise<void> {
    if (this.#options.local.subjects === 0) return SETTLED;
    let paying = this.#paying[stripe];
    if (paying === undefined) {
      paying = this.#payAll(stripe).finally(() => {
        this.#paying[stripe] = undefined;
      });
      this.#paying[stripe] = paying;
    }
    return paying;
  }

  async #payAll(stripe: number): Promise<void> {
    const { local, stripes } = this.#options;
    for (const items of local.debts((lane) => lane % stripes === stripe, DEBT_ITEMS)) await this.#pay(items);
  }

  /** One that the database refuses for what it holds can never be told: it must not keep its stripe from being decided. */
  async #pay(items: readonly AcquireItem[]): Promise<void> {
    const { local, store } = this.#options;
    try {
      await store.acquire(items);
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
    breaker.onBreak(() => tell(true));
    breaker.onReset(() => tell(false));
    return breaker;
  }
}

/** The breaker is open: nothing was asked. */
export function isBroken(error: unknown): boolean {
  return error instanceof BrokenCircuitError;
}
