/**
 * Counts in this process's memory, by a given clock. For application tests, and for calls that are decided or replayed
 * without the database: it makes the same decisions as Postgres and passes the same conformance suite, but is neither
 * durable nor shared.
 */
import { WINDOW_SECONDS, type Window } from '@rollgate/contract';
import type { AcquireItem, AcquireResult, AcquireRow, Store, SubjectCounts, UsedSecond } from './store.js';
import { UsedSeconds } from './used-seconds.js';

export class MemoryStore implements Store {
  readonly #subjects = new Map<string, UsedSeconds>();
  readonly #clock: () => number;

  /** `clock` returns Unix ms. */
  constructor({ clock = Date.now }: { clock?: () => number } = {}) {
    this.#clock = clock;
  }

  get subjects(): number {
    return this.#subjects.size;
  }

  has(subject: string): boolean {
    return this.#subjects.has(subject);
  }

  /** Removes subjects without units in either window. */
  dropIdle(): void {
    const now = Math.floor(this.#clock() / 1000);
    for (const [subject, { newest }] of this.#subjects)
      if (newest < now - WINDOW_SECONDS.hour) this.#subjects.delete(subject);
  }

  async acquire(items: readonly AcquireItem[]): Promise<AcquireResult> {
    return this.acquireNow(items);
  }

  /** The same as `acquire`, without a promise. */
  acquireNow(items: readonly AcquireItem[]): AcquireResult {
    const nowMs = this.#clock();
    return { nowMs, rows: items.map((item) => this.#acquire(item, Math.floor(nowMs / 1000))) };
  }

  #acquire(item: AcquireItem, clockSecond: number): AcquireRow {
    const { subject, cost, calls, perMinute, perHour } = item;
    const seconds = this.#subjects.get(subject) ?? new UsedSeconds();
    const now = Math.max(clockSecond, seconds.newest);
    const minuteUsed = seconds.used('minute', now);
    const hourUsed = seconds.used('hour', now);
    const room = Math.min(perMinute - minuteUsed, perHour - hourUsed);
    const granted = Math.min(calls, Math.max(0, Math.floor(room / cost)));
    if (granted > 0) {
      this.#subjects.set(subject, seconds);
      seconds.add(now, granted * cost);
    }
    return {
      second: now,
      granted,
      minuteUsed,
      hourUsed,
      minuteResetAt: leavesAt(seconds.oldest('minute', now), 'minute'),
      hourResetAt: leavesAt(seconds.oldest('hour', now), 'hour'),
      retryAt: granted === calls ? null : retryAt(seconds, item, now),
    };
  }

  async peek(_lane: number, subjects: readonly string[]): Promise<{ nowMs: number; counts: SubjectCounts[] }> {
    const nowMs = this.#clock();
    const counts = subjects.map((subject) => {
      const seconds = this.#subjects.get(subject);
      return { subject, seconds: seconds?.inWindow('hour', Math.max(Math.floor(nowMs / 1000), seconds.newest)) ?? [] };
    });
    return { nowMs, counts };
  }

  async list(_lane: number, page: { prefix: string; after: string; limit: number }): Promise<string[]> {
    const now = Math.floor(this.#clock() / 1000);
    return [...this.#subjects]
      .filter(([subject, seconds]) => subject.startsWith(page.prefix) && seconds.used('hour', now) > 0)
      .map(([subject]) => subject)
      .filter((subject) => subject > page.after)
      .sort()
      .slice(0, page.limit);
  }

  async refund(
    _lane: number,
    { subject, second, units }: { subject: string; second: number; units: number },
  ): Promise<number> {
    return this.#subjects.get(subject)?.takeBack(second, units) ?? 0;
  }

  async reset(_lane: number, subject: string): Promise<void> {
    this.#subjects.get(subject)?.clear();
  }

  async close(): Promise<void> {}
}

/** First second in which the next call fits in both windows; `null` if there is none. */
function retryAt(seconds: UsedSeconds, { cost, perMinute, perHour }: AcquireItem, now: number): number | null {
  const minuteAt = seconds.fitsAt('minute', { now, cost, limit: perMinute });
  const hourAt = seconds.fitsAt('hour', { now, cost, limit: perHour });
  return minuteAt === null || hourAt === null ? null : Math.max(minuteAt, hourAt);
}

function leavesAt(used: UsedSecond | undefined, window: Window): number | null {
  return used ? used.second + WINDOW_SECONDS[window] + 1 : null;
}
