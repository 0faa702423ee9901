/**
 * Which override applies. The same rule is SQL in `rollgate.limits_for`; one test holds both to a naive reference.
 *
 * Invariants: the most specific override wins (one subject, one API, one group, the account), among equals the newest;
 * it never mixes with a less specific one: a limit it leaves open is the default, and a factor multiplies the API's own
 * default in force, never another override. The mode is looked for by itself, so a switch to shadow says nothing about
 * limits, nor a limit about shadow.
 */
import { type Limits, multipliedLimit } from '@rollgate/contract';

/**
 * An override as instances know it. Limits in units; `null`: the default. Times are Unix ms of the database's clock.
 * `factor` multiplies both default limits of each API; `perMinute` and `perHour` are `null` beside it.
 */
export interface Override {
  readonly id: string;
  readonly account: string;
  readonly group: string | null;
  readonly api: string | null;
  /** The subject's key, where it is for one. */
  readonly subject: string | null;
  readonly perMinute: number | null;
  readonly perHour: number | null;
  readonly factor: number | null;
  readonly mode: 'enforced' | 'shadow' | null;
  readonly startsAtMs: number;
  /** Holds until just before; `null`: for good. */
  readonly expiresAtMs: number | null;
  /** Grows with each override made. */
  readonly order: number;
}

export interface Asked {
  readonly api: string;
  readonly group: string;
  readonly subject: string;
  readonly nowMs: number;
}

/** Most specific first, then newest: the first that fits wins. */
export function byRank(a: Override, b: Override): number {
  return specificity(b) - specificity(a) || b.order - a.order;
}

function specificity({ subject, api, group }: Override): number {
  return subject !== null ? 3 : api !== null ? 2 : group !== null ? 1 : 0;
}

export function fits(override: Override, { api, group, subject, nowMs }: Asked): boolean {
  return (
    (override.subject === null || override.subject === subject) &&
    (override.api === null || override.api === api) &&
    (override.group === null || override.group === group) &&
    override.startsAtMs <= nowMs &&
    (override.expiresAtMs === null || nowMs < override.expiresAtMs)
  );
}

export function setsLimit({ perMinute, perHour, factor }: Override): boolean {
  return perMinute !== null || perHour !== null || factor !== null;
}

/** The limits of an API under the override that decides them. */
export function limitsUnder(byDefault: Limits, { perMinute, perHour, factor }: Override): Limits {
  if (factor === null) {
    return { perMinute: perMinute ?? byDefault.perMinute, perHour: perHour ?? byDefault.perHour };
  }
  return {
    perMinute: multipliedLimit(byDefault.perMinute, factor),
    perHour: multipliedLimit(byDefault.perHour, factor),
  };
}
