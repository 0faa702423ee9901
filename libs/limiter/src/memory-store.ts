/**
 * Counts in this process's memory, by a given clock. For application tests: it makes the same decisions as Postgres and
 * passes the same conformance suite, but is neither durable nor shared.
 */
import { WINDOW_SECONDS, type Window } from '@rollgate/contract';
import type { AcquireItem, AcquireResult, AcquireRow, Store, SubjectCounts, UsedSecond } from './store.js';

export class MemoryStore implements Store {
  /** Units by second for each subject, oldest first. */
  readonly #subjects = new Map<string, Map<number, number>>();
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
    for (const [subject, counts] of this.#subjects)
      if (Math.max(...counts.keys()) < now - WINDOW_SECONDS.hour) this.#subjects.delete(subject);
  }

  async acquire(items: readonly AcquireItem[]): Promise<AcquireResult> {
    return this.acquireNow(items);
  }

  acquireNow(items: readonly AcquireItem[]): AcquireResult {
    const nowMs = this.#clock();
    return { nowMs, rows: items.map((item) => this.#acquire(item, Math.floor(nowMs / 1000))) };
  }

  #acquire(item: AcquireItem, clockSecond: number): AcquireRow {
    const { subject, cost, calls, perMinute, perHour } = item;
    const counts = this.#subjects.get(subject) ?? new Map<number, number>();
    const now = Math.max(clockSecond, ...counts.keys());
    const hour = inWindow(counts, 'hour', now);
    const minute = within(hour, 'minute', now);
    const minuteUsed = sum(minute);
    const hourUsed = sum(hour);
    const room = Math.min(perMinute - minuteUsed, perHour - hourUsed);
    const granted = Math.min(calls, Math.max(0, Math.floor(room / cost)));
    const spent = granted * cost;
    if (spent > 0) {
      this.#subjects.set(subject, counts);
      counts.set(now, (counts.get(now) ?? 0) + spent);
      for (const second of counts.keys()) if (second < now - WINDOW_SECONDS.hour) counts.delete(second);
    }
    const newest = spent > 0 ? { second: now, units: spent } : undefined;
    return {
      second: now,
      granted,
      minuteUsed,
      hourUsed,
      minuteResetAt: leavesAt(minute[0] ?? newest, 'minute'),
      hourResetAt: leavesAt(hour[0] ?? newest, 'hour'),
      retryAt: granted === calls ? null : this.#retryAt(counts, { item, now }),
    };
  }

  /** First second in which the next call fits in both windows; `null` if there is none. */
  #retryAt(
    counts: ReadonlyMap<number, number>,
    { item: { cost, perMinute, perHour }, now }: { item: AcquireItem; now: number },
  ): number | null {
    const hour = inWindow(counts, 'hour', now);
    const fitsMinute = fits(within(hour, 'minute', now), { window: 'minute', limit: perMinute, cost, now });
    const fitsHour = fits(hour, { window: 'hour', limit: perHour, cost, now });
    return fitsMinute === null || fitsHour === null ? null : Math.max(fitsMinute, fitsHour);
  }

  async peek(_lane: number, subjects: readonly string[]): Promise<{ nowMs: number; counts: SubjectCounts[] }> {
    const nowMs = this.#clock();
    const counts = subjects.map((subject) => {
      const seconds = this.#subjects.get(subject) ?? new Map<number, number>();
      return { subject, seconds: inWindow(seconds, 'hour', Math.max(Math.floor(nowMs / 1000), ...seconds.keys())) };
    });
    return { nowMs, counts };
  }

  async list(_lane: number, page: { prefix: string; after: string; limit: number }): Promise<string[]> {
    const now = Math.floor(this.#clock() / 1000);
    return [...this.#subjects]
      .filter(([subject, counts]) => subject.startsWith(page.prefix) && inWindow(counts, 'hour', now).length > 0)
      .map(([subject]) => subject)
      .filter((subject) => subject > page.after)
      .sort()
      .slice(0, page.limit);
  }

  async refund(
    _lane: number,
    { subject, second, units }: { subject: string; second: number; units: number },
  ): Promise<number> {
    const counts = this.#subjects.get(subject);
    const found = Math.min(units, counts?.get(second) ?? 0);
    if (found > 0) counts?.set(second, (counts.get(second) ?? 0) - found);
    return found;
  }

  async reset(_lane: number, subject: string): Promise<void> {
    // Keep the last second, with 0 units, because the subject's clock must never go back.
    const counts = this.#subjects.get(subject);
    for (const second of counts?.keys() ?? []) counts?.set(second, 0);
  }

  async close(): Promise<void> {}
}

/** The current second, the whole seconds before it, and the partly covered oldest one: 61 or 3,601 seconds. */
function inWindow(counts: ReadonlyMap<number, number>, window: Window, now: number): UsedSecond[] {
  const oldest = now - WINDOW_SECONDS[window];
  const found: UsedSecond[] = [];
  for (const [second, units] of counts) if (second >= oldest && units > 0) found.push({ second, units });
  return found;
}

function within(seconds: readonly UsedSecond[], window: Window, now: number): UsedSecond[] {
  return seconds.filter(({ second }) => second >= now - WINDOW_SECONDS[window]);
}

function sum(seconds: readonly UsedSecond[]): number {
  return seconds.reduce((total, { units }) => total + units, 0);
}

function leavesAt(used: UsedSecond | undefined, window: Window): number | null {
  return used ? used.second + WINDOW_SECONDS[window] + 1 : null;
}

/** First second in which `cost` more units fit; `null` if the cost is above the limit. */
function fits(
  seconds: readonly UsedSecond[],
  { window, limit, cost, now }: { window: Window; limit: number; cost: number; now: number },
): number | null {
  if (cost > limit) return null;
  let used = sum(seconds);
  let at = now;
  for (const second of seconds) {
    if (used + cost <= limit) break;
    used -= second.units;
    at = second.second + WINDOW_SECONDS[window] + 1;
  }
  return at;
}
