/**
 * Denials the database has already spoken: until the earliest time at which that cost can fit, the node answers from
 * here, and an attacker costs no database work.
 *
 * Invariants: bounded; right because a window only drains with time. What frees a window otherwise (another limit, a
 * refund, a reset) ends the memory: other limits don't match an entry, the rest calls `forget`. Where it can't be known which
 * subject was freed, `forgetAll`.
 */
import { type Limits, WINDOW_SECONDS } from '@rollgate/contract';
import { LRUCache } from 'lru-cache';
import type { LimitEvent } from './events/limit-event.js';

export interface Denial {
  /** The least cost known to be denied. A smaller one is asked of the database. */
  readonly cost: number;
  readonly perMinute: number;
  readonly perHour: number;
  readonly minuteUsed: number;
  readonly hourUsed: number;
  /** Database clock, Unix ms: when it was decided, when each window's oldest unit leaves, when the cost fits. */
  readonly nowMs: number;
  readonly minuteResetMs: number | null;
  readonly hourResetMs: number | null;
  /** `null`: it never does, under these limits. */
  readonly retryMs: number | null;
  /** This node's clock, ms, when the denial was learned. */
  readonly learnedAt: number;
  /** Where the newest call it answered was counted. */
  event: LimitEvent | undefined;
}

export class DenialMemory {
  /** Takes room for all of them at once: made when there is a first one to remember. */
  #denials: LRUCache<string, Denial> | undefined;
  readonly #maxSubjects: number;
  readonly #now: () => number;
  #generation = 0;

  /** `now`: this node's monotonic clock, ms. */
  constructor({ maxSubjects, now }: { maxSubjects: number; now: () => number }) {
    this.#maxSubjects = maxSubjects;
    this.#now = now;
  }

  /** Changes with every `forget` and `forgetAll`. A denial decided before one and arriving after it is not remembered. */
  get generation(): number {
    return this.#generation;
  }

  remember(subject: string, denial: Denial, generation: number): void {
    if (generation !== this.#generation) return;
    this.#denials ??= new LRUCache({ max: this.#maxSubjects });
    this.#denials.set(subject, denial);
  }

  /** The denial in force for this call, and how long ago it was learned. */
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
    // What the database answers takes its place. Where it grants, these counts are history.
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

interface CallNow extends Limits {
  readonly cost: number;
  readonly nowMs: number;
}

/** Of a denial that no wait helps: the counts it tells are then those of an hour that is over. */
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
 * Denied it is, but by which window? By these counts by both, and units of the hour have left since. The database knows;
 * it is asked so at most once a second, and no longer than the minute stays full. A cost above the limit of the hour is
 * denied by the hour whatever has left it.
 */
function isUnsure(
  { minuteUsed, hourUsed, hourResetMs }: Denial,
  { cost, nowMs, perMinute, perHour }: CallNow,
): boolean {
  if (hourResetMs === null || nowMs < hourResetMs || cost > perHour) return false;
  return hourUsed + cost > perHour && minuteUsed + cost > perMinute;
}
