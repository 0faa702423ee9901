/**
 * Finds the override that applies. The SQL function `rollgate.limits_for` has the same rule; one test compares both
 * with a naive reference.
 *
 * Invariants: the most specific override wins (one subject, one API, one group, the account), and among equals the
 * newest; overrides of limits are never combined: a limit that the winning override leaves open is the base, and a factor
 * multiplies the base, never another override. Extra units are added to the result: those of one override, the most
 * specific and newest that sets any, and they never lift a block. The base is what applies to the account without overrides: the limits of
 * its plan, or the API's own current default. The mode is resolved separately from the limits, so a switch to shadow
 * mode does not affect limits, and a limit does not affect the mode.
 */
import { type Limits, MAX_UNITS, multipliedLimit } from '@rollgate/contract';

/** `factor` multiplies both limits of each API; with a factor, `perMinute` and `perHour` are `null`. */
export interface LimitSettings {
  readonly perMinute: number | null;
  readonly perHour: number | null;
  readonly factor: number | null;
}

/** Units added to the limits that apply without extra units; `null` means none. */
export interface ExtraUnits {
  readonly extraMinute: number | null;
  readonly extraHour: number | null;
}

/**
 * An override as instances use it. Limits are in units; `null` means what applies without overrides. Times are Unix ms
 * of the database's clock.
 */
export interface Override extends LimitSettings, ExtraUnits {
  readonly id: string;
  readonly account: string;
  readonly group: string | null;
  readonly api: string | null;
  /** The subject's key if the override is for one subject, otherwise `null`. */
  readonly subject: string | null;
  readonly mode: 'enforced' | 'shadow' | null;
  readonly startsAtMs: number;
  /** In force until just before this time; `null` means that it does not expire. */
  readonly expiresAtMs: number | null;
  /** Increases with each override created. */
  readonly order: number;
}

/** The subject whose limits are resolved, and the time at which they apply. */
export interface PolicyQuery {
  readonly api: string;
  readonly group: string;
  readonly subject: string;
  readonly nowMs: number;
}

/** Compares two overrides: most specific first, then newest. The first one that matches applies. */
export function byRank(a: Override, b: Override): number {
  return specificity(b) - specificity(a) || b.order - a.order;
}

function specificity({ subject, api, group }: Override): number {
  return subject !== null ? 3 : api !== null ? 2 : group !== null ? 1 : 0;
}

export type OverrideState = 'upcoming' | 'inForce' | 'expired';

/** The state of an override at `nowMs`, Unix ms. It is in force from its start until just before its expiry. */
export function overrideState(
  { startsAtMs, expiresAtMs }: Pick<Override, 'startsAtMs' | 'expiresAtMs'>,
  nowMs: number,
): OverrideState {
  if (expiresAtMs !== null && expiresAtMs <= nowMs) return 'expired';
  return startsAtMs > nowMs ? 'upcoming' : 'inForce';
}

/** Whether the override is in force and its scope includes the subject. */
export function appliesTo(override: Override, { api, group, subject, nowMs }: PolicyQuery): boolean {
  return (
    (override.subject === null || override.subject === subject) &&
    (override.api === null || override.api === api) &&
    (override.group === null || override.group === group) &&
    overrideState(override, nowMs) === 'inForce'
  );
}

export function setsLimit({ perMinute, perHour, factor }: LimitSettings): boolean {
  return perMinute !== null || perHour !== null || factor !== null;
}

/** The limits of an API under the override, or the limit of a plan, that applies. */
export function limitsUnder(base: Limits, { perMinute, perHour, factor }: LimitSettings): Limits {
  if (factor === null) {
    return { perMinute: perMinute ?? base.perMinute, perHour: perHour ?? base.perHour };
  }
  return {
    perMinute: multipliedLimit(base.perMinute, factor),
    perHour: multipliedLimit(base.perHour, factor),
  };
}

export function setsExtra({ extraMinute, extraHour }: ExtraUnits): boolean {
  return extraMinute !== null || extraHour !== null;
}

/** The limits with extra units. A window with a limit of 0 stays blocked. */
export function limitsWithExtra(limits: Limits, { extraMinute, extraHour }: ExtraUnits): Limits {
  return { perMinute: withExtra(limits.perMinute, extraMinute), perHour: withExtra(limits.perHour, extraHour) };
}

function withExtra(limit: number, extra: number | null): number {
  return limit === 0 ? 0 : Math.min(limit + (extra ?? 0), MAX_UNITS);
}
