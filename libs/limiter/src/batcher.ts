/**
 * Lanes are dealt to a few stripes, and one batch is in flight per stripe; what arrives meanwhile is the next one. No
 * timer: an idle stripe sends at once, so its latency is one round trip, and a busy one's batches grow by themselves.
 *
 * Invariants: a batch holds a subject once (equal calls are merged, unequal ones wait for the next batch, so calls of
 * one subject are decided in the order they came); a failed batch fails its own callers only.
 */
import { isBadData } from './outage/faults.js';
import type { AcquireItem, AcquireResult, AcquireRow } from './store.js';

export interface Call extends Omit<AcquireItem, 'calls'> {
  fail(error: unknown): void;
}

/** A call's answer: its row of the result, and how many calls of that row come before it. */
export interface Answer {
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
  /** Calls that can't be merged into the next batch, in their order. */
  later: C[];
  laterSubjects: Set<string>;
  /** A batch is in flight, or about to be sent. */
  busy: boolean;
}

export interface BatcherOptions<C> {
  /** One function for all calls, not a closure each. */
  settle(call: C, answer: Answer): void;
  send(items: readonly AcquireItem[]): Promise<AcquireResult>;
  /** Batches in flight at once. As many as lanes: a batch holds one lane. */
  stripes: number;
  /** Rows of one batch at most. */
  maxItems: number;
}

export class Batcher<C extends Call> {
  readonly #send: BatcherOptions<C>['send'];
  readonly #settle: BatcherOptions<C>['settle'];
  readonly #maxItems: number;
  readonly #stripes: readonly Stripe<C>[];
  #busy = 0;
  #idle: (() => void)[] = [];

  constructor({ send, settle, stripes, maxItems }: BatcherOptions<C>) {
    this.#send = send;
    this.#settle = settle;
    this.#maxItems = maxItems;
    this.#stripes = Array.from({ length: stripes }, () => ({
      next: new Map<string, Pending<C>>(),
      later: [] as C[],
      laterSubjects: new Set<string>(),
      busy: false,
    }));
  }

  add(call: C): void {
    const stripe = this.#stripes[call.lane % this.#stripes.length] as Stripe<C>;
    this.#enqueue(stripe, call);
    if (stripe.busy) return;
    stripe.busy = true;
    this.#busy++;
    // A microtask, so that all calls of one turn of the event loop share the first batch.
    queueMicrotask(() => void this.#run(stripe));
  }

  /** Resolves when nothing waits and nothing is in flight. */
  drained(): Promise<void> {
    if (this.#busy === 0) return Promise.resolve();
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

  async #run(stripe: Stripe<C>): Promise<void> {
    while (stripe.next.size > 0) await this.#flush(stripe);
    stripe.busy = false;
    this.#busy--;
    if (this.#busy === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #flush(stripe: Stripe<C>): Promise<void> {
    const batch = [...stripe.next.values()];
    const later = stripe.later;
    stripe.next = new Map();
    stripe.later = [];
    stripe.laterSubjects = new Set();
    for (const call of later) this.#enqueue(stripe, call);
    await this.#deliver(batch);
  }

  /** Of a batch with bad data nothing was written: its halves are asked apart, so that it fails the one to blame only. */
  async #deliver(batch: readonly Pending<C>[]): Promise<void> {
    try {
      const result = await this.#send(batch);
      if (result.rows.length !== batch.length) throw new Error('the store answered another number of rows than asked');
      for (let i = 0; i < batch.length; i++) {
        const { waiting } = batch[i] as Pending<C>;
        const row = result.rows[i] as AcquireRow;
        for (let position = 0; position < waiting.length; position++) {
          this.#settle(waiting[position] as C, { nowMs: result.nowMs, row, position });
        }
      }
    } catch (error) {
      if (batch.length > 1 && isBadData(error)) {
        const half = batch.length >> 1;
        await this.#deliver(batch.slice(0, half));
        await this.#deliver(batch.slice(half));
        return;
      }
      for (const { waiting } of batch) for (const call of waiting) call.fail(error);
    }
  }
}
