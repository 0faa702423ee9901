/**
 * A time of half limits, when counts can't be trusted whole: the database's clock has jumped ahead, so that units left
 * their windows early, or another server has taken its place, which may lack the last grants. After 61 s every unit of
 * the minute was granted since.
 *
 * Invariants: the database says whether there is a quarantine, so that every instance has the same one, also an instance that
 * starts later; only until the database has answered the report of a jump does the instance that noticed it decide alone.
 */
import type { Limits } from '@rollgate/contract';
import type { DatabaseClock } from '../policy/database-clock.js';
import type { Reports } from '../reports.js';

const LASTS_MS = 61_000;
/** Of the database's clock against this instance's monotonic one, between two answers. */
const MOST_STEP_MS = 1_000;

/** A quarantine as the database reports it. */
export interface QuarantineInForce {
  /** Database clock, Unix ms. */
  readonly sinceMs: number;
  readonly leftMs: number;
  readonly reason: string;
}

export interface Heard {
  /** The database's clock, Unix ms. */
  readonly nowMs: number;
  /** Of this instance's monotonic clock, ms. */
  readonly askedAt: number;
  /** null: there is none; undefined: the answer does not tell. */
  readonly quarantine?: QuarantineInForce | null;
}

/** The database's clock was `heardMs` at `heardAt` of the monotonic clock, and went further ahead since than that one. */
export interface ClockJump {
  readonly heardMs: number;
  readonly heardAt: number;
}

/** The columns `quarantine_*` of `rollgate.server_state` and `rollgate.sync_node`. */
export interface QuarantineColumns {
  readonly quarantine_since_ms: number | null;
  readonly quarantine_left_ms: number | null;
  readonly quarantine_reason: string | null;
}

export interface QuarantineOptions {
  readonly clock: DatabaseClock;
  readonly reports: Reports;
  /** The database's clock went ahead of this instance's: a jump to report, and denials remembered by the instance's clock. */
  readonly onStepAhead?: () => void;
}

interface Running {
  /** Of the monotonic clock. */
  readonly begunAt: number;
  until: number;
  readonly sinceMs: number;
  readonly reason: string;
}

export class Quarantine {
  readonly #options: QuarantineOptions;
  #last: ClockJump | undefined;
  #jump: ClockJump | undefined;
  /** An answer to a question asked before this says nothing of the present quarantine. */
  #settledAt = Number.NEGATIVE_INFINITY;
  #running: Running | undefined;

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  /** What a look, a new connection or an answer tells. */
  hear(heard: Heard): void {
    this.#hearClock(heard);
    const { quarantine } = heard;
    if (quarantine === undefined) return;
    if (quarantine !== null) this.#adopt(quarantine);
    else if (this.#jump === undefined && heard.askedAt > this.#settledAt)
      this.#end('the quarantine is over: full limits again');
  }

  /** A jump that the database has not judged yet. */
  get unreported(): ClockJump | undefined {
    return this.#jump;
  }

  /** What the database says of a reported jump: other instances' calls may refute it. */
  judged(jump: ClockJump, { believed }: { believed: boolean }): void {
    if (this.#jump !== jump) return;
    this.#jump = undefined;
    this.#settledAt = this.#options.clock.monotonic();
    if (!believed)
      this.#end("it was this machine's clock that stood still, not the database's that jumped: full limits again");
  }

  /** Whether it began after an instant of the monotonic clock: what was asked then was asked under full limits. */
  hasBegunSince(askedAt: number): boolean {
    return this.#running !== undefined && this.#running.begunAt >= askedAt;
  }

  /** Since when (database clock, Unix ms), and why; `undefined`: no quarantine. */
  get state(): { sinceMs: number; reason: string } | undefined {
    if (this.#running === undefined) return undefined;
    if (this.#options.clock.monotonic() < this.#running.until) return this.#running;
    this.#end('the quarantine is over: full limits again');
    return undefined;
  }

  limitsOf(limits: Limits): Limits {
    if (this.state === undefined) return limits;
    return { perMinute: Math.floor(limits.perMinute / 2), perHour: Math.floor(limits.perHour / 2) };
  }

  #hearClock(heard: Heard): void {
    const { clock, reports, onStepAhead } = this.#options;
    const at = clock.monotonic();
    const tolerance = MOST_STEP_MS + at - heard.askedAt;
    const step = heard.nowMs - clock.now();
    const last = this.#last;
    this.#last = { heardMs: heard.nowMs, heardAt: at };
    if (last === undefined || Math.abs(step) > tolerance) clock.heard(heard);
    if (last === undefined || Math.abs(step) <= tolerance) return;
    if (step > 0) {
      this.#jump = last;
      this.#begin({
        sinceMs: heard.nowMs,
        leftMs: LASTS_MS,
        reason: `the database's clock went ${Math.round(step)} ms ahead`,
      });
      onStepAhead?.();
    }
    // Windows stay where they were until it has caught up. Each step back is a trouble of its own.
    else {
      const message = `the database's clock went ${Math.round(-step)} ms back`;
      reports.trouble('quarantine', { kind: `${heard.nowMs}`, message, level: 'warn' });
    }
  }

  #adopt(quarantine: QuarantineInForce): void {
    const until = this.#options.clock.monotonic() + quarantine.leftMs;
    if (this.state === undefined) this.#begin(quarantine);
    else if (this.#running !== undefined) this.#running.until = Math.max(this.#running.until, until);
  }

  #begin({ sinceMs, leftMs, reason }: QuarantineInForce): void {
    const begunAt = this.#options.clock.monotonic();
    this.#running = { begunAt, until: begunAt + leftMs, sinceMs, reason };
    const message = `${reason}: half limits for ${Math.ceil(leftMs / 1000)} s`;
    this.#options.reports.trouble('quarantine', { kind: reason, message });
  }

  #end(message: string): void {
    if (this.#running === undefined) return;
    this.#running = undefined;
    this.#options.reports.over('quarantine', message);
  }
}

export function quarantineOf(row: QuarantineColumns): QuarantineInForce | null {
  const { quarantine_since_ms: sinceMs, quarantine_left_ms: leftMs, quarantine_reason: reason } = row;
  return sinceMs === null || leftMs === null ? null : { sinceMs, leftMs, reason: reason ?? '' };
}
