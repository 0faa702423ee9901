/**
 * One batch in flight per lane; what arrives meanwhile is the next one. No timer: an idle lane sends at once, so its
 * latency is one round trip, and a busy lane's batches grow by themselves.
 *
 * Invariants: a batch holds a subject once (equal calls are merged, unequal ones wait for the next batch, so calls of
 * one subject are decided in the order they came); a failed batch fails its own callers only.
 */
import type { AcquireItem, AcquireResult } from './store.js';

export interface Call extends Omit<AcquireItem, 'calls'> {
  /** `position`: how many calls of this row come before this one; it is granted when `position < row.granted`. */
  settle(result: AcquireResult, row: number, position: number): void;
  fail(error: unknown): void;
}

interface Pending extends AcquireItem {
  calls: number;
  readonly waiting: Call[];
}

interface Lane {
  readonly number: number;
  /** The next batch. */
  next: Map<string, Pending>;
  /** Calls that can't be merged into the next batch, in their order. */
  later: Call[];
  laterSubjects: Set<string>;
  inFlight: boolean;
  ready: boolean;
}

export interface BatcherOptions {
  send(lane: number, items: readonly AcquireItem[]): Promise<AcquireResult>;
  /** Lanes in flight at once: more than the store has connections only moves the queue. */
  lanesInFlight: number;
  /** Rows of one batch at most. */
  maxItems: number;
}

export class Batcher {
  readonly #options: BatcherOptions;
  readonly #lanes = new Map<number, Lane>();
  /** Lanes with calls that wait for a place, first come first served. */
  readonly #ready: Lane[] = [];
  #inFlight = 0;
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  add(laneNumber: number, call: Call): void {
    let lane = this.#lanes.get(laneNumber);
    if (!lane) {
      lane = {
        number: laneNumber,
        next: new Map(),
        later: [],
        laterSubjects: new Set(),
        inFlight: false,
        ready: false,
      };
      this.#lanes.set(laneNumber, lane);
    }
    this.#enqueue(lane, call);
    this.#offer(lane);
  }

  /** Resolves when nothing waits and nothing is in flight. */
  drained(): Promise<void> {
    if (this.#inFlight === 0 && this.#ready.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #enqueue(lane: Lane, call: Call): void {
    const { subject, cost, perMinute, perHour } = call;
    const same = lane.next.get(subject);
    const fits = same
      ? same.cost === cost && same.perMinute === perMinute && same.perHour === perHour
      : lane.next.size < this.#options.maxItems;
    if (!fits || lane.laterSubjects.has(subject)) {
      lane.later.push(call);
      lane.laterSubjects.add(subject);
    } else if (same) {
      same.calls++;
      same.waiting.push(call);
    } else {
      lane.next.set(subject, { subject, cost, perMinute, perHour, calls: 1, waiting: [call] });
    }
  }

  #offer(lane: Lane): void {
    if (lane.inFlight || lane.ready) return;
    lane.ready = true;
    this.#ready.push(lane);
    if (this.#scheduled) return;
    this.#scheduled = true;
    // A microtask, so that all calls of one turn of the event loop share the first batch.
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#inFlight < this.#options.lanesInFlight) {
      const lane = this.#ready.shift();
      if (!lane) return;
      lane.ready = false;
      lane.inFlight = true;
      this.#inFlight++;
      void this.#flush(lane);
    }
  }

  async #flush(lane: Lane): Promise<void> {
    const batch = [...lane.next.values()];
    lane.next = new Map();
    const later = lane.later;
    lane.later = [];
    lane.laterSubjects = new Set();
    for (const call of later) this.#enqueue(lane, call);
    try {
      const result = await this.#options.send(lane.number, batch);
      batch.forEach((item, row) => {
        item.waiting.forEach((call, position) => {
          call.settle(result, row, position);
        });
      });
    } catch (error) {
      for (const item of batch) for (const call of item.waiting) call.fail(error);
    }
    lane.inFlight = false;
    this.#inFlight--;
    if (lane.next.size > 0) this.#offer(lane);
    else this.#lanes.delete(lane.number);
    this.#pump();
    if (this.#inFlight === 0 && this.#ready.length === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
