/**
 * The limit events of an instance that are not yet in the database.
 *
 * Invariants: every counted call stays counted, in its own event or in one that its event was merged into; an event
 * taken for writing counts no further calls, so a row that is sent twice is the same row; there are at most `maxRows`
 * events, except for those that can't be merged further (a few for each API).
 */
import {
  type CountedCall,
  type CountedOutcome,
  isOf,
  type LimitEvent,
  MERGED,
  type Merged,
  mergeKey,
  newEvent,
} from './limit-event.js';

const DEGREES: readonly Merged[] = [MERGED.subjectMinute, MERGED.accountMinute, MERGED.account, MERGED.api];

/** Events are merged until this fraction is left, so that each pass makes room for many new events. */
const ENOUGH = 0.75;

export class EventBook {
  /** Events in the order they began. */
  readonly #events = new Set<LimitEvent>();
  /** The newest event of each subject. Others that still count calls follow by `next`. */
  readonly #bySubject = new Map<string, LimitEvent>();
  readonly #maxRows: number;
  #full: number;

  constructor({ maxRows }: { maxRows: number }) {
    this.#maxRows = maxRows;
    this.#full = maxRows;
  }

  /** The number of events, not including those taken. */
  get size(): number {
    return this.#events.size;
  }

  /** Returns the event that counts this call: an existing one of the same kind and second or minute, or a new one. */
  eventOf(call: CountedCall, outcome: CountedOutcome): LimitEvent {
    const newest = this.#bySubject.get(call.key);
    for (let event = newest; event !== undefined && outcome.nowMs < event.endMs; event = event.next) {
      if (outcome.nowMs >= event.endMs - event.spanMs && isOf(event, call, outcome.window)) return event;
    }
    if (this.#events.size >= this.#full) this.#addUp();
    const event = newEvent(call, outcome);
    const before = this.#bySubject.get(call.key);
    if (before !== undefined && before.endMs > outcome.nowMs) event.next = before;
    this.#events.add(event);
    this.#bySubject.set(event.key, event);
    return event;
  }

  /**
   * Removes and returns up to `most` events whose time was over at `nowMs`, oldest first. They count no further calls.
   */
  take({ nowMs, most }: { nowMs: number; most: number }): LimitEvent[] {
    const taken: LimitEvent[] = [];
    for (const event of this.#events) {
      if (taken.length >= most) break;
      if (event.endMs > nowMs) continue;
      taken.push(event);
    }
    for (const event of taken) this.#remove(event);
    if (this.#events.size < this.#maxRows * ENOUGH) this.#full = this.#maxRows;
    return taken;
  }

  #remove(event: LimitEvent): void {
    this.#events.delete(event);
    this.#close(event);
  }

  /** Closes an event: the next call of its subject gets another one. */
  #close(event: LimitEvent): void {
    event.endMs = 0;
    let newest = this.#bySubject.get(event.key);
    if (newest !== event) return;
    while (newest?.endMs === 0) newest = newest.next;
    if (newest === undefined) this.#bySubject.delete(event.key);
    else this.#bySubject.set(event.key, newest);
    event.next = undefined;
  }

  /** Makes room by merging events, first those of one subject and minute, then more broadly if that is not enough. */
  #addUp(): void {
    const enough = Math.floor(this.#maxRows * ENOUGH);
    for (const degree of DEGREES) {
      this.#addUpTo(degree);
      if (this.#events.size <= enough) break;
    }
    // If nothing more can be merged, try again only after many new events.
    this.#full = Math.max(this.#maxRows, Math.ceil(this.#events.size / ENOUGH));
  }

  #addUpTo(degree: Merged): void {
    const sums = new Map<string, LimitEvent>();
    for (const event of [...this.#events]) {
      const key = mergeKey(event, event.merged > degree ? event.merged : degree);
      const sum = sums.get(key);
      if (sum === undefined) {
        sums.set(key, event);
        continue;
      }
      this.#close(sum);
      this.#remove(event);
      sum.merged = degree > sum.merged ? degree : sum.merged;
      sum.count += event.count;
      sum.units += event.units;
      sum.lastMs = Math.max(sum.lastMs, event.lastMs);
    }
  }
}
