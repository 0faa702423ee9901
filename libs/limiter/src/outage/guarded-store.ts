/**
 * The store behind a circuit breaker for each stripe of lanes. A failing database is probed from time to time, with or
 * without calls, and before it decides a subject again it is debited with the units granted without it.
 *
 * A busy database is not a failing one: a lock timeout is an answer, and so is a canceled statement while other batches
 * are decided. Such a batch counts as answered. Its calls have waited for their whole budget, and the next calls queue
 * again (docs/decisions/0013-a-busy-database-is-not-an-outage.md).
 *
 * Invariants: a statement is sent again only when the first one can't have been written; denials, bad data and queues
 * never open a breaker; an open breaker closes by itself once the database decides again.
 */
import {
  CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
} from 'cockatiel';
import { hasSqlState, isCanceled, isOutage, isQueued, isRolledBack, NotAskedError } from '../connections/faults.js';
import { type AcquireItem, type AcquireResult, type Store, stripeOf } from '../store/store.js';
import { ignoreLate, within } from '../tasks/within.js';
import { DebtPayments, type DebtPaymentsOptions } from './debt-payments.js';

/** Consecutive failures that open a breaker: one late answer is not an outage. */
const FAILURES_THAT_OPEN = 3;
const FIRST_PROBE_MS = 250;
const LAST_PROBE_MS = 2_000;
/** Interval for checking whether a breaker may be probed. */
const PROBE_EVERY_MS = 100;
/** When the store is closed, debits that can't be written within this time are lost. */
const DEBTS_WITHIN_MS = 1_000;
/** A canceled statement is a sign of load, not of an outage, if the instance had a batch decided within this time. */
const DECIDED_LATELY_MS = 1_000;

export interface GuardedStoreOptions extends Omit<DebtPaymentsOptions, 'isIdle'> {
  /** Time limit for one attempt at a batch, in ms, short enough to allow a second attempt. */
  readonly attemptMs: () => number;
  readonly onState: (state: { stripe: number; open: boolean; reason: string }) => void;
  /** Called when the database answered a batch: it decided it, or it was too busy. */
  readonly onAnswer: () => void;
}

export class GuardedStore implements Store {
  readonly #options: GuardedStoreOptions;
  readonly #breakers: readonly CircuitBreakerPolicy[];
  readonly #reasons: string[];
  readonly #debts: DebtPayments;
  readonly #inFlight: number[];
  /** For each stripe, a lane of the batch that failed last: another lane may be free while this one is locked. */
  readonly #failedLanes: number[] = [];
  readonly #probes: (NodeJS.Timeout | undefined)[] = [];
  #decidedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: GuardedStoreOptions) {
    this.#options = options;
    const isIdle = (stripe: number) => this.#inFlight[stripe] === 0 && this.#isClosed(stripe);
    this.#debts = new DebtPayments({ ...options, isIdle });
    this.#reasons = new Array<string>(options.stripes).fill('');
    this.#inFlight = new Array<number>(options.stripes).fill(0);
    this.#breakers = Array.from({ length: options.stripes }, (_, stripe) => this.#breaker(stripe));
  }

  async acquire(items: readonly AcquireItem[]): Promise<AcquireResult> {
    const stripe = stripeOf(items, this.#options.stripes);
    return await new Promise((resolve, reject) => {
      this.#guard(items[0]?.lane ?? 0, async () => {
        await this.#payDebts(stripe, items);
        const result = await this.#twice(items);
        resolve(result);
        this.#decidedAt = performance.now();
        this.#options.onAnswer();
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
    await within(DEBTS_WITHIN_MS, this.#debts.close(), 'the debits were not written').catch(ignoreLate);
    await this.#options.store.close();
  }

  /** Runs `work` on the database behind the breaker of the lane's stripe, and notes why it failed. */
  async #guard(lane: number, work: () => Promise<void>): Promise<void> {
    const stripe = lane % this.#options.stripes;
    const failure = await (this.#breakers[stripe] as CircuitBreakerPolicy).execute(async () => {
      this.#addInFlight(stripe, 1);
      try {
        await work();
        return undefined;
      } catch (error) {
        this.#reasons[stripe] = (error as Error).message;
        this.#failedLanes[stripe] = lane;
        if (!this.#isBusy(stripe, error)) throw error;
        if (hasSqlState(error)) this.#options.onAnswer();
        // Not thrown inside of the breaker: to it, a busy database is one that answers.
        return { error };
      } finally {
        this.#addInFlight(stripe, -1);
      }
    });
    if (failure !== undefined) throw failure.error;
  }

  /** A probe pays all debts of its stripe, because no other batch waits for it. */
  #payDebts(stripe: number, items: readonly AcquireItem[]): Promise<void> {
    return this.#isClosed(stripe) ? this.#debts.payFor(stripe, items) : this.#debts.payAll(stripe);
  }

  /**
   * Whether the failure says that the database is busy, and not that it is away. A full queue for connections says
   * nothing to a probe, which is to find out whether the database answers.
   */
  #isBusy(stripe: number, error: unknown): boolean {
    if (isCanceled(error)) return performance.now() - this.#decidedAt < DECIDED_LATELY_MS;
    return isQueued(error) && (this.#isClosed(stripe) || !(error instanceof NotAskedError));
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

  #addInFlight(stripe: number, batches: 1 | -1): void {
    this.#inFlight[stripe] = (this.#inFlight[stripe] as number) + batches;
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

  #isClosed(stripe: number): boolean {
    return this.#breakers[stripe]?.state === CircuitState.Closed;
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
    if (this.#isClosed(stripe)) return;
    const lane = this.#failedLanes[stripe] ?? stripe;
    const { store } = this.#options;
    await this.#guard(lane, async () => {
      await this.#debts.payAll(stripe);
      await store.acquire([{ ...PROBE, lane }]);
      await store.flush?.();
    }).catch(() => undefined);
    if (!this.#isClosed(stripe)) this.#probeLater(stripe);
  }
}

/** A probe takes the lock of its lane and is denied. The flush after it checks that grants would become safe. */
const PROBE = { subject: '_rollgate/probe/', cost: 1, calls: 1, perMinute: 0, perHour: 0 } as const;
