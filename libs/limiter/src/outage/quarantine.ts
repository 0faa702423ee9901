/**
 * Halves the limits while the counts may be incomplete: the database's clock has jumped ahead, so that units left their
 * windows early, or another server has taken its place and may lack the last grants. After 61 s, all units of the
 * minute window were granted since then.
 *
 * Invariants: the database decides whether there is a quarantine, so every instance has the same one, including an
 * instance that starts later; an instance that noticed a jump decides alone only until the database has answered its
 * report.
 */
import type { Limits } from '@rollgate/contract';
import type { DatabaseClock } from '../connections/database-clock.js';
import type { Reports } from '../reports.js';

/** How long a quarantine lasts, ms. */
export const QUARANTINE_LASTS_MS = 61_000;
/** Largest change of the database's clock against this instance's monotonic clock between two answers. */
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
  /** When the statement was sent, by this instance's monotonic clock, ms. */
  readonly askedAt: number;
  /** The current quarantine; `null` if there is none, `undefined` if the answer does not include it. */
  readonly quarantine?: QuarantineInForce | null;
}

/**
 * The database's clock was `heardMs` at `heardAt` of the monotonic clock, and has since moved further ahead than the
 * monotonic clock.
 */
export interface ClockJump {
  readonly heardMs: number;
  readonly heardAt: number;
}

/** The columns `quarantine_*` of `rollgate.server_state` and `rollgate.sync_instance`. */
export interface QuarantineColumns {
  readonly quarantine_since_ms: number | null;
  readonly quarantine_left_ms: number | null;
  readonly quarantine_reason: string | null;
}

export interface QuarantineOptions {
  readonly clock: DatabaseClock;
  readonly reports: Reports;
}

interface QuarantineNow {
  /** Monotonic clock, ms. */
  readonly begunAt: number;
  until: number;
  readonly sinceMs: number;
  readonly reason: string;
}

export class Quarantine {
  readonly #options: QuarantineOptions;
  #last: ClockJump | undefined;
  #jump: ClockJump | undefined;
  /** Answers to statements sent before this time do not describe the current quarantine. */
  #settledAt = Number.NEGATIVE_INFINITY;
  #running: QuarantineNow | undefined;
  readonly #whenClockJumps: (() => void)[] = [];

  constructor(options: QuarantineOptions) {
    this.#options = options;
  }

  /** Calls `listener` each time that the database's clock has jumped ahead. */
  whenClockJumps(listener: () => void): void {
    this.#whenClockJumps.push(listener);
  }

  /** Processes what a poll, a new connection or an answer reports about the server. */
  hear(heard: Heard): void {
    this.#hearClock(heard);
    const { quarantine } = heard;
    if (quarantine === undefined) return;
    if (quarantine !== null) this.#adopt(quarantine);
    else if (this.#jump === undefined && heard.askedAt > this.#settledAt)
      this.#end('the quarantine is over: full limits again');
  }

  /** A clock jump that the database has not judged yet. */
  get unreported(): ClockJump | undefined {
    return this.#jump;
  }

  /** Processes the database's verdict on a reported jump. Calls of other instances may refute it. */
  judged(jump: ClockJump, { believed }: { believed: boolean }): void {
    if (this.#jump !== jump) return;
    this.#jump = undefined;
    this.#settledAt = this.#options.clock.monotonic();
    if (!believed)
      this.#end("this machine's clock had stopped, the database's clock had not jumped: full limits again");
  }

  /**
   * Whether the quarantine began after this instant of the monotonic clock. Statements sent before it began used the
   * full limits.
   */
  hasBegunSince(askedAt: number): boolean {
    return this.#running !== undefined && this.#running.begunAt >= askedAt;
  }

  /** Since when (database clock, Unix ms), and why; `undefined` if there is no quarantine. */
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
    const { clock, reports } = this.#options;
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
        leftMs: QUARANTINE_LASTS_MS,
        reason: `the database's clock went ${Math.round(step)} ms ahead`,
      });
      for (const listener of this.#whenClockJumps) listener();
    }
    // Windows do not move until the clock has caught up. Each step back is reported separately.
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
