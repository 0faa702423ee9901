/**
 * Remembers denials of the database. Until the earliest time at which the cost can fit, the instance answers from
 * memory, so repeated denials cost no database work.
 *
 * Invariants: memory is bounded; remembered denials are correct because a window only drains with time. Anything else
 * that frees a window (another limit, a refund, a reset) ends the memory: an entry applies only under the same limits,
 * and in the other cases `forget` is called. If it is unknown which subject was freed, `forgetAll` is called.
 */
import { type Decision, type Limits, WINDOW_SECONDS } from '@rollgate/contract';
import { LRUCache } from 'lru-cache';
import type { LimitEvent } from '../events/limit-event.js';

export interface Denial {
  /** The smallest cost known to be denied. A smaller one goes to the database. */
  readonly cost: number;
  readonly perMinute: number;
  readonly perHour: number;
  readonly minuteUsed: number;
  readonly hourUsed: number;
  /**
   * Database clock, Unix ms: when the call was decided, when each window's oldest unit leaves, and when the cost fits.
   */
  readonly nowMs: number;
  readonly minuteResetMs: number | null;
  readonly hourResetMs: number | null;
  /** `null` if the cost never fits under these limits. */
  readonly retryMs: number | null;
  /** This instance's clock in ms when the denial arrived. */
  readonly learnedAt: number;
  /** The limit event that counted the newest call answered from this entry. */
  event: LimitEvent | undefined;
}

export interface DenialMemoryOptions {
  /** The most denied subjects to remember, 100,000 by default. */
  readonly maxSubjects?: number | undefined;
  /** This instance's monotonic clock, ms. */
  readonly now?: (() => number) | undefined;
}

export class DenialMemory {
  /** Allocates its full capacity up front, so create it on first use. */
  #denials: LRUCache<string, Denial> | undefined;
  readonly #maxSubjects: number;
  readonly #now: () => number;
  #generation = 0;

  constructor({ maxSubjects = 100_000, now = () => performance.now() }: DenialMemoryOptions = {}) {
    this.#maxSubjects = maxSubjects;
    this.#now = now;
  }

  /**
   * Changes with every `forget` and `forgetAll`. A denial that was requested before one of them and arrives after it is
   * not remembered.
   */
  get generation(): number {
    return this.#generation;
  }

  /** Remembers a denial of the store. `generation` is what it was when the call was sent. */
  remember(decision: Decision, generation: number): void {
    if (generation !== this.#generation) return;
    if (decision.retryAfterMs !== null && decision.retryAfterMs <= 0) return;
    this.#denials ??= new LRUCache({ max: this.#maxSubjects });
    this.#denials.set(decision.subject, denialOf(decision, this.#now()));
  }

  /** The denial that applies to this call, and how long ago it arrived, ms. */
  recall({
    key: subject,
    cost,
    limits: { perMinute, perHour },
  }: {
    key: string;
    cost: number;
    limits: Limits;
  }): { denial: Denial; ageMs: number } | undefined {
    const denial = this.#denials?.get(subject);
    if (!denial) return undefined;
    const ageMs = this.#now() - denial.learnedAt;
    const call = { cost, nowMs: denial.nowMs + ageMs, perMinute, perHour };
    if (ageMs >= 0 && covers(denial, call)) return { denial, ageMs };
    // The entry will be replaced by the database's answer; if that grants the call, these counts are outdated.
    this.#denials?.delete(subject);
    return undefined;
  }

  forget(subject: string): void {
    this.#generation++;
    this.#denials?.delete(subject);
  }

  forgetAll(): void {
    this.#generation++;
    this.#denials?.clear();
  }
}

function denialOf({ cost, windows, decidedAtMs: nowMs, retryAfterMs }: Decision, learnedAt: number): Denial {
  const { minute, hour } = windows;
  const at = (afterMs: number | null): number | null => (afterMs === null ? null : nowMs + afterMs);
  return {
    cost,
    perMinute: minute.limit,
    perHour: hour.limit,
    minuteUsed: minute.used,
    hourUsed: hour.used,
    nowMs,
    minuteResetMs: at(minute.resetAfterMs),
    hourResetMs: at(hour.resetAfterMs),
    retryMs: at(retryAfterMs),
    learnedAt,
    event: undefined,
  };
}

interface CallNow extends Limits {
  readonly cost: number;
  readonly nowMs: number;
}

/** How long a denial that no wait resolves is remembered: after that, its counts describe an hour that is over. */
const LONGEST_MS = (WINDOW_SECONDS.hour + 1) * 1000;

function covers(denial: Denial, call: CallNow): boolean {
  return (
    call.nowMs < (denial.retryMs ?? denial.nowMs + LONGEST_MS) &&
    call.cost >= denial.cost &&
    call.perMinute === denial.perMinute &&
    call.perHour === denial.perHour &&
    !isUnsure(denial, call)
  );
}

/**
 * Whether it is unknown which window denies the call: by these counts both do, but units of the hour have left since.
 * Only the database knows. It is queried at most once a second, and only while the minute is full. A cost above the
 * hour's limit is always denied by the hour.
 */
function isUnsure(
  { minuteUsed, hourUsed, hourResetMs }: Denial,
  { cost, nowMs, perMinute, perHour }: CallNow,
): boolean {
  if (hourResetMs === null || nowMs < hourResetMs || cost > perHour) return false;
  return hourUsed + cost > perHour && minuteUsed + cost > perMinute;
}
