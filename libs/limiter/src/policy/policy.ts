/**
 * The effective limits that this instance knows: the catalogue's defaults, edits of them, and overrides.
 *
 * Invariants: only versions that the database has committed are applied, in their order; overrides start and expire by
 * the database's clock, without a job; without new versions the last known policy stays in force, and before the first
 * one the catalogue's defaults apply.
 */
import type { ApiEntry, DecisionMode, LimitSource, Limits } from '@rollgate/contract';
import { encodeAccount } from '../subject/subject-key.js';
import { appliesTo, byRank, limitsUnder, type Override, overrideState, setsLimit } from './resolve.js';

/** What applies to one call. */
export interface InForce {
  readonly limits: Limits;
  /** The limits before a quarantine halved them; set only during a quarantine. */
  readonly fullLimits?: Limits | undefined;
  readonly source: LimitSource;
  readonly mode: DecisionMode;
  /** IDs of the overrides that set the limits, the mode, or both. Empty when the defaults apply. */
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

export class Policy {
  readonly #accounts = new Map<string, AccountOverrides>();
  readonly #edits = new Map<string, ApiEdit>();
  readonly #defaults = new Map<ApiEntry, InForce>();
  #version = 0;

  /** 0 if no version is known yet. */
  get version(): number {
    return this.#version;
  }

  get overrides(): number {
    let count = 0;
    for (const { byId } of this.#accounts.values()) count += byId.size;
    return count;
  }

  apply({ version, whole, overrides, apis }: PolicyChanges): void {
    if (whole) for (const map of [this.#accounts, this.#edits]) map.clear();
    const touched = new Set<AccountOverrides>();
    for (const override of overrides) touched.add(this.#put(override));
    for (const account of touched) sortOut(account);
    for (const edit of apis) this.#edits.set(edit.api, edit);
    this.#defaults.clear();
    this.#version = version;
  }

  /** Removes expired overrides. A late call only costs memory. */
  prune(nowMs: number): void {
    for (const [name, account] of this.#accounts) {
      const before = account.byId.size;
      for (const override of account.byId.values()) {
        if (overrideState(override, nowMs) === 'expired') account.byId.delete(override.id);
      }
      if (account.byId.size === 0) this.#accounts.delete(name);
      else if (account.byId.size < before) sortOut(account);
    }
  }

  /**
   * Whether the account has overrides. Without any, its limits do not depend on the time, so no clock is read.
   * `account` is as returned by `encodeAccount`.
   */
  hasOverrides(account: string): boolean {
    return this.#accounts.has(account);
  }

  /** The effective limits and mode. `account` is as returned by `encodeAccount`; `subject` is the subject's key. */
  inForce(entry: ApiEntry, { account, subject, nowMs }: { account: string; subject: string; nowMs: number }): InForce {
    const byDefault = this.defaultOf(entry);
    const own = this.#accounts.get(account);
    if (own === undefined) return byDefault;
    const query = { api: entry.id, group: entry.group, subject, nowMs };
    const fitting = [...(own.subjects.get(subject) ?? NONE), ...own.wide].filter((one) => appliesTo(one, query));
    const deciding = fitting.find(setsLimit);
    const switching = fitting.find((override) => override.mode !== null);
    if (deciding === undefined && switching === undefined) return byDefault;
    return {
      limits: deciding === undefined ? byDefault.limits : limitsUnder(byDefault.limits, deciding),
      source: deciding?.id ?? 'default',
      mode: switching?.mode ?? byDefault.mode,
      governedBy: idsOf(deciding, switching),
    };
  }

  /** What applies when no override does. */
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
    const name = encodeAccount(override.account);
    let account = this.#accounts.get(name);
    if (account === undefined) {
      account = { byId: new Map(), subjects: new Map(), wide: [] };
      this.#accounts.set(name, account);
    }
    account.byId.set(override.id, override);
    return account;
  }
}

function idsOf(...overrides: readonly (Override | undefined)[]): string[] {
  return [...new Set(overrides.flatMap((override) => (override === undefined ? [] : [override.id])))];
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
