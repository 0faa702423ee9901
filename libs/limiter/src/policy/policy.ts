/**
 * The effective limits that this instance knows: the catalogue's defaults, edits of them, plans, and overrides.
 *
 * Invariants: only versions that the database has committed are applied, in their order; overrides and assignments start and end by
 * the database's clock, without a job; without new versions the last known policy stays in force, and before the first
 * one the catalogue's defaults apply.
 */
import type { ApiEntry, DecisionMode, LimitSource, Limits } from '@rollgate/contract';
import { encodeAccount } from '../subject/subject-key.js';
import { hasEnded, type Plan, type PlanAssignment, planAt, planLimitFor } from './plans.js';
import {
  appliesTo,
  byRank,
  limitsUnder,
  limitsWithExtra,
  type Override,
  overrideState,
  setsExtra,
  setsLimit,
} from './resolve.js';

/** What applies to one call. */
export interface InForce {
  readonly limits: Limits;
  /** The limits before a quarantine halved them; set only during a quarantine. */
  readonly fullLimits?: Limits | undefined;
  readonly source: LimitSource;
  readonly mode: DecisionMode;
  /** IDs of the overrides that set the limits, added extra units, or set the mode. Empty when the defaults apply. */
  readonly governedBy: readonly string[];
}

/** An API's defaults that differ from the catalogue's. `null` means the value of the catalogue. */
export interface ApiEdit {
  readonly api: string;
  readonly perMinute: number | null;
  readonly perHour: number | null;
  readonly shadow: boolean;
}

export interface PolicyChanges {
  readonly version: number;
  /** True if these are all changes in effect, not only new ones. */
  readonly whole: boolean;
  readonly overrides: readonly Override[];
  readonly apis: readonly ApiEdit[];
  readonly plans: readonly Plan[];
  readonly assignments: readonly PlanAssignment[];
}

/** The account of a call. `account` is as returned by `encodeAccount`. */
export interface AccountQuery {
  readonly account: string;
  /** The plan that the call brings. It applies if no plan is assigned to the account. */
  readonly plan?: string | undefined;
  readonly nowMs: number;
}

interface KnownPlan extends Plan {
  /** What applies without overrides, by API; filled as calls ask for it. */
  readonly base: Map<ApiEntry, InForce>;
}

/** What is known of one account. Most accounts with a plan have no overrides. */
interface AccountPolicy {
  overrides: AccountOverrides | undefined;
  assignments: readonly PlanAssignment[];
}

interface AccountOverrides {
  readonly byId: Map<string, Override>;
  /** Overrides of one subject each, by subject key, highest priority first. */
  subjects: Map<string, Override[]>;
  /** The other overrides, highest priority first. */
  wide: Override[];
}

const NONE: readonly Override[] = [];
const NO_IDS: readonly string[] = [];
/** Unknown plans are reported by name, but not without bound. */
const MOST_UNKNOWN_PLANS = 100;

export class Policy {
  readonly #accounts = new Map<string, AccountPolicy>();
  readonly #edits = new Map<string, ApiEdit>();
  readonly #plans = new Map<string, KnownPlan>();
  readonly #unknownPlans = new Set<string>();
  readonly #onUnknownPlan: (plan: string) => void;
  readonly #defaults = new Map<ApiEntry, InForce>();
  #version = 0;

  /** `onUnknownPlan` receives each plan that a call brings and the database does not know, once. */
  constructor({ onUnknownPlan = () => undefined }: { onUnknownPlan?: (plan: string) => void } = {}) {
    this.#onUnknownPlan = onUnknownPlan;
  }

  /** 0 if no version is known yet. */
  get version(): number {
    return this.#version;
  }

  /** The number of overrides known, including those that have not started. */
  get overrides(): number {
    let count = 0;
    for (const { overrides } of this.#accounts.values()) count += overrides?.byId.size ?? 0;
    return count;
  }

  /** Applies committed changes. They must be newer than the version known so far. */
  apply({ version, whole, overrides, apis, plans, assignments }: PolicyChanges): void {
    if (whole) for (const map of [this.#accounts, this.#edits, this.#plans]) map.clear();
    const touched = new Set<AccountOverrides>();
    for (const override of overrides) touched.add(this.#put(override));
    for (const account of touched) sortOut(account);
    for (const assignment of assignments) this.#assign(assignment);
    for (const edit of apis) this.#edits.set(edit.api, edit);
    for (const plan of plans) this.#plans.set(plan.id, { ...plan, base: new Map() });
    for (const { base } of this.#plans.values()) base.clear();
    this.#defaults.clear();
    this.#version = version;
  }

  /** Removes expired overrides and assignments. A late call only costs memory. */
  prune(nowMs: number): void {
    for (const [name, account] of this.#accounts) {
      if (account.assignments.some((one) => hasEnded(one, nowMs))) {
        account.assignments = account.assignments.filter((one) => !hasEnded(one, nowMs));
      }
      if (account.overrides !== undefined) account.overrides = unexpired(account.overrides, nowMs);
      if (account.overrides === undefined && account.assignments.length === 0) this.#accounts.delete(name);
    }
  }

  /**
   * Whether the account has overrides or an assigned plan. Without any, its limits do not depend on the time, so no
   * clock is read. `account` is as returned by `encodeAccount`.
   */
  hasOwnLimits(account: string): boolean {
    return this.#accounts.has(account);
  }

  /** The effective limits and mode. `subject` is the subject's key. */
  inForce(entry: ApiEntry, { subject, ...asked }: AccountQuery & { subject: string }): InForce {
    const base = this.baseOf(entry, asked);
    const own = this.#accounts.get(asked.account)?.overrides;
    if (own === undefined) return base;
    const { nowMs } = asked;
    const query = { api: entry.id, group: entry.group, subject, nowMs };
    const fitting = [...(own.subjects.get(subject) ?? NONE), ...own.wide].filter((one) => appliesTo(one, query));
    const deciding = fitting.find(setsLimit);
    const switching = fitting.find((override) => override.mode !== null);
    const before = deciding === undefined ? base.limits : limitsUnder(base.limits, deciding);
    const { limits, adding } = addExtra(before, fitting.find(setsExtra));
    if (deciding === undefined && switching === undefined && adding === undefined) return base;
    return {
      limits,
      source: adding?.id ?? deciding?.id ?? base.source,
      mode: switching?.mode ?? base.mode,
      governedBy: idsOf(deciding, adding, switching),
    };
  }

  /** What applies to the account when no override does: the limits of its plan, or the defaults. */
  baseOf(entry: ApiEntry, query: AccountQuery): InForce {
    const byDefault = this.defaultOf(entry);
    const plan = this.#planOf(query);
    if (plan === undefined) return byDefault;
    let found = plan.base.get(entry);
    if (found === undefined) {
      const limit = planLimitFor(plan.limits, entry);
      found =
        limit === undefined
          ? byDefault
          : { ...byDefault, limits: limitsUnder(byDefault.limits, limit), source: `plan:${plan.id}` };
      plan.base.set(entry, found);
    }
    return found;
  }

  #planOf({ account, plan, nowMs }: AccountQuery): KnownPlan | undefined {
    const assigned = planAt(this.#accounts.get(account)?.assignments ?? [], nowMs);
    if (assigned !== undefined) return this.#plans.get(assigned);
    if (plan === undefined) return undefined;
    const known = this.#plans.get(plan);
    if (known === undefined && this.#version > 0) this.#reportUnknown(plan);
    return known;
  }

  #reportUnknown(plan: string): void {
    if (this.#unknownPlans.has(plan) || this.#unknownPlans.size >= MOST_UNKNOWN_PLANS) return;
    this.#unknownPlans.add(plan);
    this.#onUnknownPlan(plan);
  }

  /** What applies when neither an override nor a plan does. */
  defaultOf(entry: ApiEntry): InForce {
    let found = this.#defaults.get(entry);
    if (found === undefined) {
      const edit = this.#edits.get(entry.id);
      const { perMinute, perHour } = entry.limits;
      found = {
        limits: { perMinute: edit?.perMinute ?? perMinute, perHour: edit?.perHour ?? perHour },
        source: 'default',
        mode: edit?.shadow === true ? 'shadow' : 'enforced',
        governedBy: NO_IDS,
      };
      this.#defaults.set(entry, found);
    }
    return found;
  }

  #put(override: Override): AccountOverrides {
    const account = this.#accountOf(override);
    account.overrides ??= { byId: new Map(), subjects: new Map(), wide: [] };
    account.overrides.byId.set(override.id, override);
    return account.overrides;
  }

  #assign(assignment: PlanAssignment): void {
    const account = this.#accountOf(assignment);
    account.assignments = [...account.assignments.filter(({ id }) => id !== assignment.id), assignment];
  }

  #accountOf({ account }: { account: string }): AccountPolicy {
    const name = encodeAccount(account);
    let known = this.#accounts.get(name);
    if (known === undefined) {
      known = { overrides: undefined, assignments: [] };
      this.#accounts.set(name, known);
    }
    return known;
  }
}

/** The limits with the extra units of `extra`. `adding` is `undefined` if they change no limit. */
function addExtra(before: Limits, extra: Override | undefined): { limits: Limits; adding: Override | undefined } {
  if (extra === undefined) return { limits: before, adding: undefined };
  const limits = limitsWithExtra(before, extra);
  const isChanged = limits.perMinute !== before.perMinute || limits.perHour !== before.perHour;
  return { limits, adding: isChanged ? extra : undefined };
}

function idsOf(...overrides: readonly (Override | undefined)[]): string[] {
  return [...new Set(overrides.flatMap((override) => (override === undefined ? [] : [override.id])))];
}

/** The account's overrides without the expired ones; `undefined` if none is left. */
function unexpired(account: AccountOverrides, nowMs: number): AccountOverrides | undefined {
  const before = account.byId.size;
  for (const override of account.byId.values()) {
    if (overrideState(override, nowMs) === 'expired') account.byId.delete(override.id);
  }
  if (account.byId.size === 0) return undefined;
  if (account.byId.size < before) sortOut(account);
  return account;
}

function sortOut(account: AccountOverrides): void {
  const all = [...account.byId.values()].sort(byRank);
  account.wide = all.filter(({ subject }) => subject === null);
  account.subjects = bySubject(all);
}

function bySubject(all: readonly Override[]): Map<string, Override[]> {
  const subjects = new Map<string, Override[]>();
  for (const override of all) {
    if (override.subject === null) continue;
    const same = subjects.get(override.subject);
    if (same) same.push(override);
    else subjects.set(override.subject, [override]);
  }
  return subjects;
}
