/**
 * Decisions without the database, by the mode each API is given: a bounded part of the limit on this node (`local`), no
 * answer (`closed`), or yes for a minute (`open`). Each is recorded, and the node tells which mode is on, since when.
 */
import type { Limits } from '@rollgate/contract';
import type { OutageAnswer } from '../decide.js';
import type { Reports } from '../reports.js';
import type { AcquireItem, AcquireResult } from '../store.js';
import { laneOfKey } from '../subject.js';
import type { LocalCounts } from './local-counts.js';

export type OutageMode = 'local' | 'closed' | 'open';

export interface OutageModes {
  /** `local` where it is left out. */
  readonly default?: OutageMode;
  /** By the API's id. */
  readonly apis?: Readonly<Record<string, OutageMode>>;
}

/** `open` admits everything for so long; then it is `local`. */
const OPEN_FOR_MS = 60_000;
const RETRY_AFTER_MS = 1_000;
const JITTER_MS = 2_000;

/** With jitter, so that callers do not come back all at once. */
function retryAfterMs(): number {
  return RETRY_AFTER_MS + Math.floor(Math.random() * JITTER_MS);
}

/**
 * The limiter can not answer now: the API's mode is `closed` during an outage, the limiter has not reached its database
 * yet, or what was asked for needs the database. `cause` says why. HTTP: 503 with `Retry-After`.
 */
export class LimiterUnavailableError extends Error {
  override readonly name = 'LimiterUnavailableError';
  readonly retryAfterMs = retryAfterMs();

  constructor(cause: unknown, message = 'the limit can not be checked at the moment') {
    super(message, { cause });
  }
}

export interface NodeState {
  /**
   * `starting`: the limiter has not reached its database yet and decides nothing; `fallback`: it decides without the
   * database; `quarantine`: it decides by the database, under half limits.
   */
  readonly mode: 'starting' | 'normal' | 'fallback' | 'quarantine';
  /** Unix ms. */
  readonly sinceMs: number;
  readonly reason: string;
}

interface Asked {
  readonly entry: { readonly id: string };
  readonly key: string;
  readonly cost: number;
  readonly limits: Limits;
  readonly fullLimits?: Limits | undefined;
}

export interface OutageOptions {
  readonly modes: OutageModes;
  readonly local: LocalCounts;
  /** Unix ms. */
  readonly now: () => number;
  readonly stripes: number;
  readonly reports: Reports;
}

export class Outage {
  readonly #modes: OutageModes;
  readonly #local: LocalCounts;
  readonly #now: () => number;
  readonly #stripes: number;
  readonly #reports: Reports;
  /** Stripes whose breaker is open, and since when, Unix ms. */
  readonly #open = new Map<number, number>();
  #state: NodeState;

  constructor({ modes, local, now, stripes, reports }: OutageOptions) {
    this.#modes = modes;
    this.#local = local;
    this.#now = now;
    this.#stripes = stripes;
    this.#reports = reports;
    this.#state = { mode: 'normal', sinceMs: now(), reason: '' };
  }

  get state(): NodeState {
    return this.#state;
  }

  /** A stripe's breaker opened or closed. */
  tell({ stripe, open, reason }: { stripe: number; open: boolean; reason: string }): void {
    if (!open) this.#open.delete(stripe);
    else if (!this.#open.has(stripe)) this.#open.set(stripe, this.#now());
    const mode = this.#open.size > 0 ? 'fallback' : 'normal';
    if (mode === this.#state.mode) return;
    this.#state = { mode, sinceMs: this.#now(), reason: mode === 'normal' ? '' : reason };
    if (mode === 'normal') this.#reports.over('database', 'the database decides again');
    else
      this.#reports.trouble('database', { kind: mode, message: `the limiter decides without its database: ${reason}` });
  }

  /** Under which limits this node decides, and what its own counts say. @throws LimiterUnavailableError */
  decide({ entry, key, cost, limits, fullLimits = limits }: Asked, cause: unknown): OutageAnswer {
    const mode = this.#modes.apis?.[entry.id] ?? this.#modes.default ?? 'local';
    if (mode === 'closed') throw new LimiterUnavailableError(cause);
    const lane = laneOfKey(key);
    // By stripe: the other one may have been without the database for longer.
    const sinceMs = this.#open.get(lane % this.#stripes) ?? this.#now();
    const isOpen = mode === 'open' && this.#now() - sinceMs < OPEN_FOR_MS;
    const own = isOpen ? OPEN : this.#local.limitsOf(limits);
    if (own === undefined) throw new LimiterUnavailableError(cause);
    const item: AcquireItem = { subject: key, lane, cost, calls: 1, ...own };
    // A cost above this node's part of the limit may fit as soon as the database is back.
    const fits = cost <= fullLimits.perMinute && cost <= fullLimits.perHour;
    const retryMs = fits ? this.#now() + retryAfterMs() : null;
    const answer = this.#local.acquire(item);
    if (answer === undefined) return { limits: NO_PART, answer: this.#denial(), retryMs };
    return { limits: isOpen ? limits : own, answer, retryMs };
  }

  /** Of a subject that this node has no room to count: its part of the limit is nothing. */
  #denial(): AcquireResult {
    const nowMs = this.#now();
    const unused = { minuteUsed: 0, hourUsed: 0, minuteResetAt: null, hourResetAt: null };
    return { nowMs, rows: [{ second: Math.floor(nowMs / 1000), granted: 0, retryAt: null, ...unused }] };
  }
}

const OPEN: Limits = { perMinute: 2_147_483_647, perHour: 2_147_483_647 };
const NO_PART: Limits = { perMinute: 0, perHour: 0 };
