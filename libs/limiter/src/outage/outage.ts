/**
 * Decides without the database, by each API's outage mode: a bounded share of the limit on this instance (`local`), no
 * decision (`closed`), or allow for a minute (`open`). Each decision is recorded, and the instance's state says since
 * when it has been deciding alone.
 */
import type { Limits } from '@rollgate/contract';
import { isQueued } from '../connections/faults.js';
import type { Reports } from '../reports.js';
import type { AcquireItem, AcquireResult } from '../store/store.js';
import { laneOfKey } from '../subject/subject-key.js';
import { TooLateError } from '../tasks/within.js';
import type { InstanceState } from './instance-state.js';
import type { LocalCounts } from './local-counts.js';
import { OverloadReport } from './overload-report.js';

export type OutageMode = 'local' | 'closed' | 'open';

export interface OutageModes {
  /** The mode of all other APIs, `local` by default. */
  readonly default?: OutageMode;
  /** Modes by API ID. */
  readonly apis?: Readonly<Record<string, OutageMode>>;
}

/** `open` allows every call for this long; then it acts like `local`. */
const OPEN_FOR_MS = 60_000;
const RETRY_AFTER_MS = 1_000;
const JITTER_MS = 2_000;

/** A delay with jitter, so that callers do not all come back at once. */
function retryAfterMs(): number {
  return RETRY_AFTER_MS + Math.floor(Math.random() * JITTER_MS);
}

/**
 * The limiter can't answer now: the API's outage mode is `closed`, the limiter has not reached its database yet, or the
 * operation needs the database. `cause` has the reason. In HTTP this is 503 with `Retry-After`.
 */
export class LimiterUnavailableError extends Error {
  override readonly name = 'LimiterUnavailableError';
  /** When to try again, 1,000 to 3,000 ms, so that callers do not all come back at once. */
  readonly retryAfterMs = retryAfterMs();

  constructor(cause: unknown, message = 'the limit can not be checked at the moment') {
    super(message, { cause });
  }
}

/** The part of a call by which it is decided without the database. */
interface OutageCall {
  readonly entry: { readonly id: string };
  readonly key: string;
  readonly cost: number;
  readonly limits: Limits;
  readonly fullLimits?: Limits | undefined;
}

/** The instance's own answer while the database does not respond. */
export interface OutageAnswer {
  readonly limits: Limits;
  readonly answer: AcquireResult;
  /** When to retry if the instance's own counts give no time, Unix ms. `null` if retrying does not help. */
  readonly retryMs: number | null;
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
  readonly #overload: OverloadReport;
  /** Stripes whose breaker is open, and since when, in Unix ms. */
  readonly #open = new Map<number, number>();
  #state: InstanceState;

  constructor({ modes, local, now, stripes, reports }: OutageOptions) {
    this.#modes = modes;
    this.#local = local;
    this.#now = now;
    this.#stripes = stripes;
    this.#reports = reports;
    this.#overload = new OverloadReport(reports);
    this.#state = { mode: 'normal', sinceMs: now(), reason: '' };
  }

  get state(): InstanceState {
    return this.#state;
  }

  /** Notes that the database answered a batch. */
  noteAnswer(): void {
    this.#overload.noteAnswer();
  }

  /** Notes that the circuit breaker of a stripe opened or closed. */
  noteBreaker({ stripe, open, reason }: { stripe: number; open: boolean; reason: string }): void {
    if (open) this.#overload.forget();
    if (!open) this.#open.delete(stripe);
    else if (!this.#open.has(stripe)) this.#open.set(stripe, this.#now());
    const mode = this.#open.size > 0 ? 'fallback' : 'normal';
    if (mode === this.#state.mode) {
      // The first failure may be a lost connection, and the next attempts show why none can be opened.
      if (open) this.#state = { ...this.#state, reason };
      return;
    }
    this.#state = { mode, sinceMs: this.#now(), reason: mode === 'normal' ? '' : reason };
    if (mode === 'normal') this.#reports.over('database', 'the database decides again');
    else
      this.#reports.trouble('database', { kind: mode, message: `the limiter decides without its database: ${reason}` });
  }

  /** Decides by this instance's own counts and share of the limits. @throws LimiterUnavailableError */
  decide({ entry, key, cost, limits, fullLimits = limits }: OutageCall, cause: unknown): OutageAnswer {
    if (cause instanceof TooLateError || isQueued(cause)) this.#overload.noteLate();
    const mode = this.#modes.apis?.[entry.id] ?? this.#modes.default ?? 'local';
    if (mode === 'closed') throw new LimiterUnavailableError(cause);
    const lane = laneOfKey(key);
    // Take the start from the call's own stripe: another one may have been without the database for longer.
    const sinceMs = this.#open.get(lane % this.#stripes) ?? this.#now();
    const isOpen = mode === 'open' && this.#now() - sinceMs < OPEN_FOR_MS;
    const own = isOpen ? OPEN : this.#local.limitsOf(limits);
    if (own === undefined) throw new LimiterUnavailableError(cause);
    const item: AcquireItem = { subject: key, lane, cost, calls: 1, ...own };
    // A cost above this instance's share of the limit may be allowed as soon as the database is back.
    const fits = cost <= fullLimits.perMinute && cost <= fullLimits.perHour;
    const retryMs = fits ? this.#now() + retryAfterMs() : null;
    const answer = this.#local.acquire(item);
    if (answer === undefined) return { limits: NO_PART, answer: this.#denial(), retryMs };
    return { limits: isOpen ? limits : own, answer, retryMs };
  }

  /** The denial of a subject that this instance has no room to count: its share of the limit is 0. */
  #denial(): AcquireResult {
    const nowMs = this.#now();
    const unused = { minuteUsed: 0, hourUsed: 0, minuteResetAt: null, hourResetAt: null };
    return { nowMs, rows: [{ second: Math.floor(nowMs / 1000), granted: 0, retryAt: null, ...unused }] };
  }
}

const OPEN: Limits = { perMinute: 2_147_483_647, perHour: 2_147_483_647 };
const NO_PART: Limits = { perMinute: 0, perHour: 0 };
