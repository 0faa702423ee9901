/**
 * A time of half limits, when counts can't be trusted whole: the database's clock has jumped ahead, so that units left
 * their windows early, or another server has taken its place, which may lack the last grants. After 61 s every unit of
 * the minute was granted since.
 */
import type { Limits } from '@rollgate/contract';
import type { DatabaseClock } from '../policy/database-clock.js';

const LASTS_MS = 61_000;
/** Of the database's clock against this node's monotonic one, between two looks. */
const MOST_STEP_MS = 1_000;

export interface Heard {
  /** The database's clock, Unix ms. */
  readonly nowMs: number;
  /** Of the node's monotonic clock, ms. */
  readonly askedAt: number;
  /** null: it can't be written to; undefined: not told. */
  readonly timeline?: string | null;
}

export class Quarantine {
  readonly #clock: DatabaseClock;
  readonly #onAlarm: (error: Error) => void;
  #timeline: string | undefined;
  #heard = false;
  #since: number | undefined;
  #reason = '';

  constructor({ clock, onAlarm }: { clock: DatabaseClock; onAlarm: (error: Error) => void }) {
    this.#clock = clock;
    this.#onAlarm = onAlarm;
  }

  /** What a look, a new connection or an answer tells. */
  hear(heard: Heard): void {
    this.#hearClock(heard);
    const { timeline } = heard;
    if (timeline === null || timeline === undefined) return;
    if (this.#timeline !== undefined && this.#timeline !== timeline) {
      this.#begin(`another server has taken the database's place (timeline ${timeline})`);
    }
    this.#timeline = timeline;
  }

  /** Whether it began after an instant of the monotonic clock: what was asked then was asked under full limits. */
  hasBegunSince(askedAt: number): boolean {
    return this.#since !== undefined && this.#since >= askedAt;
  }

  /** Since when in ms of the monotonic clock, and why; `undefined`: no quarantine. */
  get state(): { since: number; reason: string } | undefined {
    if (this.#since === undefined) return undefined;
    if (this.#clock.monotonic() - this.#since < LASTS_MS) return { since: this.#since, reason: this.#reason };
    this.#since = undefined;
    return undefined;
  }

  limitsOf(limits: Limits): Limits {
    if (this.state === undefined) return limits;
    return { perMinute: Math.floor(limits.perMinute / 2), perHour: Math.floor(limits.perHour / 2) };
  }

  #hearClock(heard: Heard): void {
    const tolerance = MOST_STEP_MS + this.#clock.monotonic() - heard.askedAt;
    const step = heard.nowMs - this.#clock.now();
    const first = !this.#heard;
    this.#heard = true;
    if (first || Math.abs(step) > tolerance) this.#clock.heard(heard);
    if (first || Math.abs(step) <= tolerance) return;
    if (step > 0) this.#begin(`the database's clock went ${Math.round(step)} ms ahead`);
    // Windows stay where they were until it has caught up.
    else this.#onAlarm(new Error(`the database's clock went ${Math.round(-step)} ms back`));
  }

  #begin(reason: string): void {
    this.#since = this.#clock.monotonic();
    this.#reason = reason;
    this.#onAlarm(new Error(`${reason}: half limits for ${LASTS_MS / 1000} s`));
  }
}
