/**
 * Batches calls by stripe, a group of lanes. Calls that arrive at a stripe while a batch is in flight form its next
 * batch, which is sent behind the first if it is large enough. There is no timer: an idle stripe sends immediately, so
 * its latency is one round trip, and the batches of a busy stripe grow by themselves.
 *
 * Invariants: a batch contains each subject once (equal calls are merged, others wait for the next batch, so calls of
 * one subject are decided in the order they came, except in a rejected batch that is retried); a failed batch fails
 * only its own callers; no grant is reported before it is on disk, and no denied call waits for the disk.
 */
import { isBadData } from '../connections/faults.js';
import { TooLateError } from '../tasks/within.js';
import { BatchTimes } from './batch-times.js';
import { BrokenAnswerError } from './broken-answers.js';
import { type AcquireItem, type AcquireResult, type AcquireRow, byLane } from './store.js';

/** A call that waits for its batch to be decided. */
export interface BatchedCall extends Omit<AcquireItem, 'calls'> {
  /** The `performance.now()` value at which an answer is too late. Calls are added in the order of it. */
  readonly lateAt: number;
  /** True once the call has been answered, for example because it was late. It is then not sent. */
  settled: boolean;
  fail(error: unknown): void;
}

/** The answer to a call: its row of the result, and how many calls of that row come before it. */
export interface CallAnswer {
  readonly nowMs: number;
  readonly row: AcquireRow;
  /** The call is granted when `position < row.granted`. */
  readonly position: number;
}

interface Pending<C> extends AcquireItem {
  calls: number;
  readonly waiting: C[];
}

interface Stripe<C> {
  /** The next batch. */
  next: Map<string, Pending<C>>;
  /** Calls that can't be merged into the next batch, in order. */
  later: C[];
  laterSubjects: Set<string>;
  batchesInFlight: number;
  readonly times: BatchTimes;
  /** True if the next batch is about to be sent. */
  due: boolean;
}

/**
 * The smallest number of rows worth a second batch while one is in flight. Fewer rows wait for the first batch, so an
 * instance with little traffic sends one batch at a time.
 */
const WORTH_A_BATCH = 64;

/** Calls that have more than the rest of their budget left are sent, however long the last batches took. */
const MOST_EXPECTED_PART = 3 / 4;

export interface BatcherOptions<C> {
  /**
   * Called for each answered call. It is one function for all calls, to avoid a closure for each. It must not throw,
   * because the rest of the batch is still waiting.
   */
  settle(call: C, answer: CallAnswer): void;
  /** Sends a batch. Batches of one stripe must be decided in the order they are sent. */
  send(items: readonly AcquireItem[]): Promise<AcquireResult>;
  /** Number of stripes. If it equals the number of lanes, a batch contains one lane. */
  stripes: number;
  /** Largest number of batches of one stripe in flight. */
  batchesInFlight: number;
  /** Largest number of rows in a batch. */
  maxItems: number;
  /** Whether the lanes of a batch are sent apart, each as a batch of its own. Default: they are not. */
  lanesApart?: () => boolean;
  /** Time from a call's start to its decision, ms; by default there is no limit. */
  budgetMs?: () => number;
}

export class Batcher<C extends BatchedCall> {
  readonly #send: BatcherOptions<C>['send'];
  readonly #settle: BatcherOptions<C>['settle'];
  readonly #maxItems: number;
  readonly #batchesInFlight: number;
  readonly #lanesApart: () => boolean;
  readonly #budgetMs: () => number;
  readonly #stripes: readonly Stripe<C>[];
  #idle: (() => void)[] = [];
  /** Batches whose grants are not on disk yet. */
  #unflushed = 0;

  constructor(options: BatcherOptions<C>) {
    const { send, settle, stripes, batchesInFlight, maxItems } = options;
    const { lanesApart = () => false, budgetMs = () => Number.POSITIVE_INFINITY } = options;
    this.#send = send;
    this.#settle = settle;
    this.#maxItems = maxItems;
    this.#batchesInFlight = batchesInFlight;
    this.#lanesApart = lanesApart;
    this.#budgetMs = budgetMs;
    this.#stripes = Array.from({ length: stripes }, () => ({
      next: new Map<string, Pending<C>>(),
      later: [] as C[],
      laterSubjects: new Set<string>(),
      batchesInFlight: 0,
      times: new BatchTimes(),
      due: false,
    }));
  }

  add(call: C): void {
    const stripe = this.#stripes[call.lane % this.#stripes.length] as Stripe<C>;
    this.#enqueue(stripe, call);
    this.#sendWhereDue(stripe);
  }

  /** Resolves when no call is waiting or in flight, and all grants are on disk. */
  drained(): Promise<void> {
    if (this.#isIdle()) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #enqueue(stripe: Stripe<C>, call: C): void {
    const { subject, lane, cost, perMinute, perHour } = call;
    const same = stripe.next.get(subject);
    const fits = same
      ? same.cost === cost && same.perMinute === perMinute && same.perHour === perHour
      : stripe.next.size < this.#maxItems;
    if (!fits || stripe.laterSubjects.has(subject)) {
      stripe.later.push(call);
      stripe.laterSubjects.add(subject);
    } else if (same) {
      same.calls++;
      same.waiting.push(call);
    } else {
      stripe.next.set(subject, { subject, lane, cost, perMinute, perHour, calls: 1, waiting: [call] });
    }
  }

  /**
   * Sends the next batch if it is due, in a microtask, so that all calls of one turn of the event loop share a batch.
   */
  #sendWhereDue(stripe: Stripe<C>): void {
    if (stripe.due || !this.#isWorthSending(stripe)) return;
    stripe.due = true;
    queueMicrotask(() => {
      stripe.due = false;
      void this.#flush(stripe);
    });
  }

  #isWorthSending({ next, batchesInFlight }: Stripe<C>): boolean {
    if (batchesInFlight === 0) return next.size > 0;
    return batchesInFlight < this.#batchesInFlight && next.size >= Math.min(WORTH_A_BATCH, this.#maxItems);
  }

  async #flush(stripe: Stripe<C>): Promise<void> {
    const batch = this.#inTime(stripe);
    const later = stripe.later;
    stripe.next = new Map();
    stripe.later = [];
    stripe.laterSubjects = new Set();
    for (const call of later) this.#enqueue(stripe, call);
    stripe.batchesInFlight++;
    const parts = this.#lanesApart() ? byLane(batch) : [batch];
    if (batch.length > 0) await Promise.all(parts.map((part) => this.#deliver(part, stripe.times)));
    stripe.batchesInFlight--;
    this.#sendWhereDue(stripe);
    this.#noteIdle();
  }

  /**
   * The next batch without the calls that would be answered too late: an overloaded database would spend its time on
   * them, and decide the others too late in turn. They fail now, unless they have been answered.
   */
  #inTime({ next, times }: Stripe<C>): Pending<C>[] {
    const batch = [...next.values()];
    // New calls are sent even if the last answers were all too late.
    const answeredAt = performance.now() + Math.min(times.expectedMs, MOST_EXPECTED_PART * this.#budgetMs());
    const isLate = ({ settled, lateAt }: C) => settled || lateAt < answeredAt;
    // The first call of a batch has waited longest.
    const oldest = batch[0]?.waiting[0];
    if (oldest === undefined || !isLate(oldest)) return batch;
    const inTime: Pending<C>[] = [];
    for (const item of batch) {
      const waiting = item.waiting.filter((call) => !isLate(call));
      for (const call of item.waiting)
        if (isLate(call) && !call.settled) call.fail(new TooLateError('no decision can be expected within the budget'));
      if (waiting.length > 0) inTime.push({ ...item, calls: waiting.length, waiting });
    }
    return inTime;
  }

  /**
   * Sends a batch and settles its calls. A batch rejected for bad data wrote nothing: its two halves are retried
   * separately, so that only the bad item fails.
   */
  async #deliver(batch: readonly Pending<C>[], times: BatchTimes): Promise<void> {
    const sentAt = performance.now();
    try {
      const result = await this.#send(batch);
      if (result.rows.length !== batch.length)
        throw new BrokenAnswerError(`${result.rows.length} rows for ${batch.length} items`);
      if (result.flushed === undefined) {
        this.#settleCalls(batch, { result, which: 'all' });
        times.note(performance.now() - sentAt);
        return;
      }
      this.#settleCalls(batch, { result, which: 'denied' });
      const onFlushed = () => times.note(performance.now() - sentAt);
      void this.#settleGranted(batch, { result, flushed: result.flushed.then(onFlushed) });
    } catch (error) {
      if (batch.length > 1 && isBadData(error)) {
        const half = batch.length >> 1;
        await this.#deliver(batch.slice(0, half), times);
        await this.#deliver(batch.slice(half), times);
        return;
      }
      for (const { waiting } of batch) for (const call of waiting) call.fail(error);
    }
  }

  /** Settles the granted calls of a batch when their grants are on disk. The stripe sends its next batch meanwhile. */
  async #settleGranted(
    batch: readonly Pending<C>[],
    { result, flushed }: { result: AcquireResult; flushed: Promise<void> },
  ): Promise<void> {
    this.#unflushed++;
    try {
      await flushed;
      this.#settleCalls(batch, { result, which: 'granted' });
    } catch (error) {
      for (let i = 0; i < batch.length; i++)
        for (const call of (batch[i] as Pending<C>).waiting.slice(0, result.rows[i]?.granted)) call.fail(error);
    } finally {
      this.#unflushed--;
      this.#noteIdle();
    }
  }

  #settleCalls(
    batch: readonly Pending<C>[],
    { result: { nowMs, rows }, which }: { result: AcquireResult; which: 'all' | 'granted' | 'denied' },
  ): void {
    for (let i = 0; i < batch.length; i++) {
      const { waiting } = batch[i] as Pending<C>;
      const row = rows[i] as AcquireRow;
      const end = which === 'granted' ? Math.min(row.granted, waiting.length) : waiting.length;
      for (let position = which === 'denied' ? row.granted : 0; position < end; position++)
        this.#settle(waiting[position] as C, { nowMs, row, position });
    }
  }

  #noteIdle(): void {
    if (this.#idle.length > 0 && this.#isIdle()) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #isIdle(): boolean {
    return this.#unflushed === 0 && this.#stripes.every(isIdle);
  }
}

function isIdle<C>({ next, batchesInFlight }: Stripe<C>): boolean {
  return next.size === 0 && batchesInFlight === 0;
}
