/**
 * The events of a node that are not in the database yet: counted, bounded, never forgotten.
 *
 * Invariants: every call counted stays counted, in its own event or in one it was added to; an event taken to be written
 * never counts again, so a row that is sent twice is the same row; there are never more events than `maxRows`, but for
 * what can't be added up any further (a few for each API).
 */
import {
  type Counted,
  isOf,
  type LimitEvent,
  MERGED,
  type Merged,
  mergeKey,
  newEvent,
  type Outcome,
} from './limit-event.js';

const DEGREES: readonly Merged[] = [MERGED.subjectMinute, MERGED.accountMinute, MERGED.account, MERGED.api];

/** Adding up goes on until so many are left: each pass then pays for many new events. */
const ENOUGH = 0.75;

export class EventBook {
  /** In the order they began. */
  readonly #events = new Set<LimitEvent>();
  /** The newest one of each subject; others that still count follow by `next`. */
  readonly #bySubject = new Map<string, LimitEvent>();
  readonly #maxRows: number;
  #full: number;

  constructor({ maxRows }: { maxRows: number }) {
    this.#maxRows = maxRows;
    this.#full = maxRows;
  }

  /** Events that are kept here, without those taken. */
  get size(): number {
    return this.#events.size;
  }

  /** The event that counts this call: a new one, or the one of its kind and second or minute. */
  eventOf(asked: Counted, outcome: Outcome): LimitEvent {
    const newest = this.#bySubject.get(asked.key);
    for (let event = newest; event !== undefined && outcome.nowMs < event.endMs; event = event.next) {
      if (outcome.nowMs >= event.endMs - event.spanMs && isOf(event, asked, outcome.window)) return event;
    }
    if (this.#events.size >= this.#full) this.#addUp();
    const event = newEvent(asked, outcome);
    const before = this.#bySubject.get(asked.key);
    if (before !== undefined && before.endMs > outcome.nowMs) event.next = before;
    this.#events.add(event);
    this.#bySubject.set(event.key, event);
    return event;
  }

  /** Removes up to `most` events whose time was over at `nowMs`, oldest first. They count nothing more. */
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

  /** It counts no more calls: the next one of its subject finds another event. */
  #close(event: LimitEvent): void {
    event.endMs = 0;
    let newest = this.#bySubject.get(event.key);
    if (newest !== event) return;
    while (newest?.endMs === 0) newest = newest.next;
    if (newest === undefined) this.#bySubject.delete(event.key);
    else this.#bySubject.set(event.key, newest);
    event.next = undefined;
  }

  /** Makes room: adds events up, at first those of one subject and minute, further where that is not enough. */
  #addUp(): void {
    const enough = Math.floor(this.#maxRows * ENOUGH);
    for (const degree of DEGREES) {
      this.#addUpTo(degree);
      if (this.#events.size <= enough) break;
    }
    // Where nothing more can be added up, the next attempt is worth it only once there are many new ones.
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
