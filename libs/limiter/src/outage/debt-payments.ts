/**
 * Debits the database with the units that this instance granted without it, stripe by stripe.
 *
 * A subject is debited before the database decides it again. Other subjects follow at a bounded pace while the stripe is
 * busy: if every batch first wrote all debits, an overloaded database would write debits only, and each call that it
 * did not decide in time would add one more.
 *
 * Invariants: one statement of a stripe writes debits at a time, so that concurrent batches debit a subject once; if an
 * answer was lost the debit is repeated: it may count too much, never too little.
 */
import { isBadData } from '../connections/faults.js';
import { type AcquireItem, byLane, type Store } from '../store/store.js';
import type { LocalCounts } from './local-counts.js';

const MOST_ITEMS = 500;
/**
 * The same for subjects that no batch waits for. Calls may wait for the statement, also those of other instances, so it
 * gets smaller when it takes too long, and larger otherwise.
 */
const MOST_OTHERS = 100;
const FIRST_OTHERS = 10;
/** Debits of other subjects that a batch writes: at most this part of its own size. */
const OTHERS_PART = 1 / 8;
/** Interval for writing the debits of a stripe that decides nothing. */
const WHEN_IDLE_EVERY_MS = 100;
const SETTLED = Promise.resolve();

export interface DebtPaymentsOptions {
  readonly store: Store;
  readonly stripes: number;
  readonly local: LocalCounts;
  /** Whether each batch has one lane, as Citus needs it. */
  readonly lanesApart: () => boolean;
  /** The time that a statement may take that writes debits of subjects that no batch waits for, ms. */
  readonly debitMs: () => number;
  /** Whether the stripe could decide a batch now, and has none. */
  readonly isIdle: (stripe: number) => boolean;
}

export class DebtPayments {
  readonly #options: DebtPaymentsOptions;
  /** For each stripe, the payment in progress and those that wait for it. */
  readonly #last: Promise<void>[];
  readonly #timers: (NodeJS.Timeout | undefined)[] = [];
  /** Number of debits of other subjects that are written at once. */
  #others = FIRST_OTHERS;
  #closed = false;

  constructor(options: DebtPaymentsOptions) {
    this.#options = options;
    this.#last = new Array<Promise<void>>(options.stripes).fill(SETTLED);
    options.local.whenInDebt((lane) => this.#payWhenIdle(lane % options.stripes));
  }

  /** Debits the subjects of a batch, and a few others. The batch may be decided when this resolves. */
  payFor(stripe: number, items: readonly AcquireItem[]): Promise<void> {
    const { local } = this.#options;
    if (local.subjects === 0) return SETTLED;
    return this.#next(stripe, () => {
      const others = Math.min(this.#others, Math.ceil(items.length * OTHERS_PART));
      return this.#payEach(local.debtsOf(items, { most: MOST_ITEMS, others, ofLane: this.#lanesOf(stripe) }));
    });
  }

  /** Debits all subjects of the stripe. */
  payAll(stripe: number): Promise<void> {
    const { local } = this.#options;
    if (local.subjects === 0) return SETTLED;
    const all = { most: MOST_ITEMS, others: Number.POSITIVE_INFINITY, ofLane: this.#lanesOf(stripe) };
    return this.#next(stripe, () => this.#payEach(local.debtsOf([], all)));
  }

  /** Makes a last attempt for all stripes. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.allSettled(this.#last.map((_, stripe) => this.payAll(stripe)));
  }

  /** Debits all subjects of the stripe as soon as it is idle. Calls do this too, but there may be none. */
  #payWhenIdle(stripe: number): void {
    if (this.#closed || this.#timers[stripe] !== undefined) return;
    const { local, isIdle } = this.#options;
    const look = async () => {
      while (isIdle(stripe) && local.owes(this.#lanesOf(stripe))) if (!(await this.#paySome(stripe))) break;
      this.#timers[stripe] = undefined;
      if (local.subjects > 0) this.#payWhenIdle(stripe);
    };
    this.#timers[stripe] = setTimeout(() => void look(), WHEN_IDLE_EVERY_MS).unref();
  }

  /** Returns whether the database accepted them. */
  #paySome(stripe: number): Promise<boolean> {
    const { local } = this.#options;
    const paying = this.#next(stripe, async () => {
      const owed = { ofLane: this.#lanesOf(stripe), others: this.#others, most: this.#others };
      const startedAt = performance.now();
      try {
        await this.#payEach(local.debtsOf([], owed));
      } finally {
        const isSlow = performance.now() - startedAt > this.#options.debitMs();
        this.#others = isSlow ? Math.ceil(this.#others / 2) : Math.min(MOST_OTHERS, this.#others * 2);
      }
    });
    return paying.then(
      () => true,
      () => false,
    );
  }

  #lanesOf(stripe: number): (lane: number) => boolean {
    return (lane) => lane % this.#options.stripes === stripe;
  }

  /** Runs the payment after those before it, whether they succeeded or not. */
  #next(stripe: number, pay: () => Promise<void>): Promise<void> {
    const paying = (this.#last[stripe] as Promise<void>).then(pay);
    this.#last[stripe] = paying.catch(() => undefined);
    return paying;
  }

  async #payEach(batches: readonly (readonly AcquireItem[])[]): Promise<void> {
    if (batches.length === 0) return;
    // Otherwise a database that commits but can't flush would be debited again by each attempt.
    await this.#options.store.flush?.();
    const { lanesApart } = this.#options;
    for (const items of batches) for (const part of lanesApart() ? byLane(items) : [items]) await this.#pay(part);
  }

  /**
   * Writes debits. A debit that the database rejects because of its data can never be written, so it is dropped to let
   * its subject be decided again.
   */
  async #pay(items: readonly AcquireItem[]): Promise<void> {
    const { local, store } = this.#options;
    try {
      // A flush of its own could fail after the commit, and the debit would be repeated.
      await store.acquire(items, { durable: true });
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
}
