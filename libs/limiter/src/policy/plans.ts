/**
 * Plans: named sets of limits, and which account has which plan. The SQL functions `rollgate.plan_in_force`,
 * `rollgate.plan_limit_rank` and `rollgate.base_limits` have the same rules; one test compares both with a naive
 * reference.
 *
 * Invariants: an assignment in force takes precedence over the plan that a call brings; of a plan's limits only the
 * most specific one applies (the API's, its group's, all APIs'), and a window that it leaves empty is the default.
 */
import type { ApiEntry } from '@rollgate/contract';
import { type LimitSettings, overrideState } from './resolve.js';

/** A limit of a plan: of one API, of one group, or of all APIs. Limits are in units; `null` means the default. */
export interface PlanLimit extends LimitSettings {
  readonly group: string | null;
  readonly api: string | null;
}

export interface Plan {
  readonly id: string;
  readonly limits: readonly PlanLimit[];
}

/** An account has the plan from the start until just before the end. Times are Unix ms of the database's clock. */
export interface PlanAssignment {
  readonly id: string;
  readonly account: string;
  readonly plan: string;
  readonly startsAtMs: number;
  /** `null` means no end. */
  readonly endsAtMs: number | null;
}

const PLAN_ROWS: readonly ((limit: PlanLimit, entry: ApiEntry) => boolean)[] = [
  ({ api }, entry) => api === entry.id,
  ({ api, group }, entry) => api === null && group === entry.group,
  ({ api, group }) => api === null && group === null,
];

/** The limit of a plan that applies to an API; `undefined` if the plan sets none. */
export function planLimitFor(limits: readonly PlanLimit[], entry: ApiEntry): PlanLimit | undefined {
  for (const covers of PLAN_ROWS) {
    const found = limits.find((limit) => covers(limit, entry));
    if (found !== undefined) return found;
  }
  return undefined;
}

export function hasEnded({ startsAtMs, endsAtMs }: PlanAssignment, nowMs: number): boolean {
  return overrideState({ startsAtMs, expiresAtMs: endsAtMs }, nowMs) === 'expired';
}

/** The plan that is assigned at `nowMs`, Unix ms. The database allows at most one at a time. */
export function planAt(assignments: readonly PlanAssignment[], nowMs: number): string | undefined {
  let found: PlanAssignment | undefined;
  for (const one of assignments) {
    const { startsAtMs, endsAtMs } = one;
    if (overrideState({ startsAtMs, expiresAtMs: endsAtMs }, nowMs) !== 'inForce') continue;
    if (found === undefined || startsAtMs > found.startsAtMs) found = one;
  }
  return found?.plan;
}
